"""What Debian's Prometheus and Alertmanager answered (tests/golden, recorded by record.py), asked of the daemon: the calls
that Grafana makes when it starts, and a webhook to the last field."""
import json
import pathlib
import time

import pytest

from daemon import TOCSIN, Daemon, basic
from golden import ALERT, MAY_BE_ABSENT, ROUTES, RULES, ask, differences, series
from test_amtool import Hook

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

GOLDEN = pathlib.Path(__file__).parent.parent / "golden"
CALLS = sorted(p.stem for p in (GOLDEN / "grafana").glob("*.json"))


class World:
    def __init__(self, path, auth):
        self.hook = Hook()
        (path / "rules.yml").write_text(RULES)
        d = self.daemon = Daemon(path, "rule_files: [rules.yml]\n" + ROUTES.replace("HOOK", str(self.hook.port)), auth=auth)
        self.headers = basic(d.admin) if auth else {}
        assert d.write(series(), token=d.admin).status == 204
        assert d.ask("POST", "/api/v2/alerts", [ALERT], d.admin).status == 200
        self.told = self.hook.wait("/urgent", "Hooked", "firing")
        time.sleep(2.5)  # the rules have run, as when it was recorded


@pytest.fixture(scope="module", params=["no_auth", "token"])
def world(request, tmp_path_factory):
    w = World(tmp_path_factory.mktemp("golden"), request.param == "token")
    yield w
    assert w.daemon.stop() == 0
    w.hook.server.shutdown()


def test_the_recordings_are_there():
    assert len(CALLS) >= 20


@pytest.mark.parametrize("name", CALLS)
def test_grafana_meets_what_it_knows(world, name):
    golden = json.loads((GOLDEN / "grafana" / (name + ".json")).read_text())
    status, answer = ask(world.daemon.url, golden["request"], headers=world.headers)
    assert status == golden["status"], answer
    assert not differences(golden["answer"], answer)


def test_a_webhook_is_alertmanagers_to_the_last_field(world):
    golden = json.loads((GOLDEN / "webhook.json").read_text())
    assert world.told["externalURL"] == world.daemon.url("")
    told = {k: v for k, v in world.told.items() if k not in MAY_BE_ABSENT}
    assert dict(told, externalURL=golden["externalURL"]) == golden  # the fingerprint, too
