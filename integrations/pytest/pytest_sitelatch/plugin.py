# SPDX-License-Identifier: Apache-2.0
"""The fixtures. One engine a session (with pytest-xdist: a worker), as new before each test that asks for it."""
import pytest

from .engine import Engine, EngineError, Sitelatch, find_binary

_at_start = pytest.StashKey[int]()


def pytest_addoption(parser):
    parser.addini("sitelatch_binary", "the sitelatch program (SITELATCH_BINARY comes first; default: the one on PATH)", default="")
    parser.addini("sitelatch_options", "further options of `sitelatch engine`, one a line (--realistic)", type="linelist", default=[])


def pytest_configure(config):
    config.addinivalue_line("markers", "sitelatch(reset=True): with reset=False the test finds what the last one left on the engine")


@pytest.fixture(scope="session")
def sitelatch_engine(request):
    """The engine of this session: in memory, with a manual clock."""
    options = [word for line in request.config.getini("sitelatch_options") for word in line.split()]
    try:
        engine = Engine(find_binary(request.config.getini("sitelatch_binary")), options)
    except EngineError as error:
        pytest.fail(str(error), pytrace=False)
    yield engine
    engine.close()


@pytest.fixture
def sitelatch(request, sitelatch_engine):
    """The engine with an account as new, and all that a test does with it."""
    mark = request.node.get_closest_marker("sitelatch")
    request.node.stash[_at_start] = sitelatch_engine.log_size()
    if mark is None or mark.kwargs.get("reset", True):
        sitelatch_engine.reset()
    mine = Sitelatch(sitelatch_engine)
    yield mine
    mine.close()


@pytest.fixture
def sitelatch_endpoint(sitelatch):
    """The URL of the AWS APIs: http://127.0.0.1:PORT."""
    return sitelatch.endpoint


@pytest.fixture
def sitelatch_env(sitelatch, monkeypatch):
    """This process's environment points at the engine while the test runs: boto3.client("route53"), the aws CLI, Terraform. Gives it."""
    for name, value in sitelatch.engine.environment.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return sitelatch.environment


@pytest.fixture
def sitelatch_session(sitelatch):
    """A boto3 session of the account's root."""
    return sitelatch.session()


@pytest.fixture
def sitelatch_client(sitelatch):
    """sitelatch_client("route53"): a boto3 client."""
    return sitelatch.client


@pytest.fixture
def sitelatch_clock(sitelatch):
    """sitelatch_clock.advance("1h")"""
    return sitelatch.clock


@pytest.fixture
def sitelatch_site(sitelatch):
    """sitelatch_site("primary"): a site with down(), stop() and up()."""
    return sitelatch.site


@pytest.fixture
def sitelatch_resolve(sitelatch):
    """sitelatch_resolve("client.example.test"): ["127.0.1.1"]"""
    return sitelatch.resolve


@pytest.fixture
def sitelatch_guard(sitelatch):
    """sitelatch_guard(pair, form="engine"): deployed and armed."""
    return sitelatch.guard


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    engine = getattr(item, "funcargs", {}).get("sitelatch_engine") or getattr(getattr(item, "funcargs", {}).get("sitelatch"), "engine", None)
    if report.failed and engine is not None and call.when == "call":
        said = engine.log(item.stash.get(_at_start, 0))
        if said.strip():
            report.sections.append(("what the sitelatch engine logged", said[-4000:]))
        if not engine.alive():
            report.sections.append(("the sitelatch engine", "it has ended; what is above may say why"))
