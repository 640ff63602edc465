# SPDX-License-Identifier: Apache-2.0
"""Every fixture, used as a test would. Run by ctest with two workers, each with an engine of its own (tests/integrations)."""
import datetime
import os

import pytest
from pytest_sitelatch import dns
from pytest_sitelatch.engine import seconds_of


@pytest.mark.parametrize("number", [1, 2])
def test_each_test_has_an_account_as_new(sitelatch_client, number):
    sns = sitelatch_client("sns", region="eu-west-1")
    assert sns.list_topics()["Topics"] == []
    sns.create_topic(Name="t")
    assert len(sns.list_topics()["Topics"]) == 1


def test_keys_stay_good_over_a_reset(sitelatch, sitelatch_session):
    sts = sitelatch_session.client("sts", endpoint_url=sitelatch.endpoint)
    first = sts.get_caller_identity()["Arn"]
    sitelatch.reset()
    assert sts.get_caller_identity()["Arn"] == first


def test_the_clock_stands_until_it_is_moved(sitelatch_clock):
    begun = sitelatch_clock.now()
    assert sitelatch_clock.now() == begun
    assert sitelatch_clock.advance("1h30m") - begun == datetime.timedelta(minutes=90)
    assert sitelatch_clock.advance(datetime.timedelta(days=1)) - begun == datetime.timedelta(minutes=90, days=1)
    with pytest.raises(ValueError):
        sitelatch_clock.advance(0)
    with pytest.raises(AssertionError, match="not within 1m"):
        sitelatch_clock.advance_until(lambda: False, most="1m")


def test_the_environment_points_at_the_engine_while_the_test_runs(sitelatch_env, sitelatch_endpoint, monkeypatch):
    assert os.environ["AWS_ENDPOINT_URL"] == sitelatch_endpoint == sitelatch_env["AWS_ENDPOINT_URL"]
    assert "AWS_PROFILE" not in os.environ and "AWS_PROFILE" not in sitelatch_env
    assert os.environ["AWS_CONFIG_FILE"].startswith(os.environ["SITELATCH_DATA_DIR"])


def test_sites_go_down_and_come_back_and_dns_follows(sitelatch, sitelatch_site, sitelatch_resolve, sitelatch_clock):
    primary, backup = sitelatch_site("primary"), sitelatch_site("backup")
    assert primary.address != backup.address
    pair = sitelatch.pair("client.example.test", primary, backup)
    assert sitelatch_resolve(pair.name) == [primary.address]
    for fails in (primary.down, primary.stop):
        fails()
        took = sitelatch_clock.advance_until(lambda: sitelatch_resolve(pair.name) == [backup.address], step="5s", most="2m")
        assert took <= datetime.timedelta(minutes=1)
        primary.up()
        sitelatch_clock.advance_until(lambda: sitelatch_resolve(pair.name) == [primary.address], step="5s", most="2m")
    assert len(sitelatch_resolve("example.test", "NS")) == 4
    assert sitelatch_resolve("nobody.example.test") == []
    with pytest.raises(dns.DnsError, match="REFUSED"):
        sitelatch_resolve("example.org")


def test_a_guard_is_armed_latches_and_is_released(sitelatch, sitelatch_guard, sitelatch_resolve, sitelatch_clock):
    pair = sitelatch.pair("client.example.test")
    guard = sitelatch_guard(pair)
    assert guard.state == "serving"
    pair.primary.down()
    sitelatch_clock.advance("2m")
    pair.primary.up()
    sitelatch_clock.advance("1h")
    assert sitelatch_resolve(pair.name) == [pair.backup.address]
    assert guard.state == "latched"
    guard.switch_back()
    sitelatch_clock.advance_until(lambda: sitelatch_resolve(pair.name) == [pair.primary.address], most="5m")


@pytest.mark.sitelatch(reset=False)
def test_that_wants_what_there_was(sitelatch):
    sitelatch.client("sns").create_topic(Name="kept")
    assert any(topic["TopicArn"].endswith(":kept") for topic in sitelatch.client("sns").list_topics()["Topics"])


def test_durations():
    assert [seconds_of(text) for text in ("90s", "1h30m", "250ms", "2d", 5, datetime.timedelta(minutes=1))] == [90, 5400, .25, 172800, 5, 60]
    for nonsense in ("", "5", "5x", "m5", "1h 30m"):
        with pytest.raises(ValueError):
            seconds_of(nonsense)
