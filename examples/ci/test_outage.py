# SPDX-License-Identifier: Apache-2.0
"""An hour's outage, in seconds: the Primary site fails, comes back with stale data, and no user is ever sent to it until a person has
switched back. The guard is what `sitelatch deploy` makes on AWS too; here its clock is moved by the test."""
import datetime

import pytest

NAME = "client.example.test"
LOOK_EVERY = datetime.timedelta(seconds=10)


@pytest.mark.parametrize("form", ["guide", "config"])
def test_an_hour_of_outage(sitelatch, form):
    pair = sitelatch.pair(NAME)
    guard = sitelatch.guard(pair, form)
    primary, backup = [pair.primary.address], [pair.backup.address]
    assert sitelatch.resolve(NAME) == primary

    pair.primary.stop()
    took = sitelatch.clock.advance_until(lambda: sitelatch.resolve(NAME) == backup, step="5s", most="2m")
    assert took < datetime.timedelta(minutes=3)

    answers = ask_for(sitelatch, datetime.timedelta(minutes=59))
    pair.primary.up()  # with the data of an hour ago
    answers += ask_for(sitelatch, datetime.timedelta(hours=1))
    assert len(answers) == 714
    assert answers.count(backup) == len(answers)  # not one names Primary
    assert guard.state in ("tripped", "latched")  # as the form calls it

    # The sites are in sync again: a person says so, and why.
    guard.switch_back("data synchronised, ticket 4711")
    sitelatch.clock.advance_until(lambda: sitelatch.resolve(NAME) == primary, step="5s", most="10m")
    assert "4711" in sitelatch.run("log", NAME).stdout


def test_without_a_guard_users_meet_stale_data(sitelatch):
    """Why: Route 53 alone goes back as soon as Primary answers."""
    pair = sitelatch.pair(NAME)
    pair.primary.stop()
    sitelatch.clock.advance("1h")
    assert sitelatch.resolve(NAME) == [pair.backup.address]
    pair.primary.up()
    sitelatch.clock.advance("1m")
    assert sitelatch.resolve(NAME) == [pair.primary.address]


def ask_for(sitelatch, duration):
    """What DNS answers, every ten seconds for so long."""
    answers, end = [], sitelatch.clock.now() + duration
    while sitelatch.clock.now() < end:
        sitelatch.clock.advance(LOOK_EVERY)
        answers.append(sitelatch.resolve(NAME))
    return answers
