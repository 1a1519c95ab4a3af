# SPDX-License-Identifier: Apache-2.0
"""arpline-exporter, promtool and a real Prometheus, on a real lab."""
import json
import re
import socket
import time

import pytest
from common import ROOT, confirm, frames, run, wait_known, wait_until
from lab.sh import exporter as exporter_program
from metrics import (GROUP, PORT, READABLE, Exporter, Prometheus, check_metrics, check_rules, http_get, scraped)
from test_hostile_names import INTERFACES, own_netns_folder, rename, visible

DASHBOARD = ROOT / "tools" / "exporter" / "dashboard.json"
# With a limit of each kind, so that every metric is there.
EVERYTHING = {"limits": {"broadcast": {"ipv4": 1000}},
              "parent": {"nic0": {"path_probe": "200ms", "gateways": ["10.77.0.1"]}}}
MANY = 900  # endpoints whose series are more than a socket takes at once
# A table with few entries is not counted by interface.
MAY_BE_ABSENT = {"arpline_neighbour_table_exempt_entries"}


def test_scrape_passes_promtool_and_says_what_status_says(lab, wired):
    host, peer = wired(children=2)
    _, exporter = scraped(host)
    confirm(peer.wire(), host, *host.children)
    wait_until(lambda: exporter.value("arpline_endpoints", state="confirmed") == 2, 5, "both are confirmed")
    check_metrics(exporter.scrape())
    assert exporter.value("arpline_up") == 1
    assert exporter.value("arpline_egress_seen", parent="nic0") == 1
    wait_until(lambda: 0 < exporter.value("arpline_lease_left_seconds") <= 1, 5, "the lease is extended")
    assert exporter.value("arpline_lease_age_seconds") >= 0
    assert exporter.value("arpline_loop_longest_turn_seconds", daemon="nic0") > 0
    assert exporter.value("arpline_found_seconds_count") == host.status()["found"]["count"]
    for child in host.children:
        assert exporter.value("arpline_endpoint_confirmed", address=child.address) == 1
        assert exporter.value("arpline_endpoint_info", address=child.address, mac=child.mac, interface="mv0") == 1

    def verdicts():
        series = exporter.series("arpline_wire_frames_total")
        return {dict(labels)["verdict"]: value for labels, value in series.items()}
    wait_until(lambda: verdicts() == host.status()["verdicts"], 5, verdicts)


def test_path_and_conflict_are_in_the_sums(lab, wired):
    host, peer = wired()
    _, exporter = scraped(host, EVERYTHING)
    child = host.children[0]
    wait_until(lambda: exporter.value("arpline_paths", state="reachable") == 1, 10, "the gateway answers")
    assert exporter.value("arpline_endpoint_path_reachable", address=child.address) == 1
    assert 0 < exporter.value("arpline_endpoint_path_rtt_seconds") < 1
    assert exporter.value("arpline_path_rtt_seconds_count") > 0
    peer.wire().send(frames.arp(eth_src="02:bb:00:00:00:01", spa=child.address, tpa=child.address))
    wait_until(lambda: exporter.value("arpline_conflicts", kind="contested") == 1, 5, "it is contested")
    assert exporter.value("arpline_endpoint_contested", address=child.address) == 1


def test_it_has_no_privileges_and_members_of_the_group_can_change_nothing(lab, wired):
    host, _ = wired()
    _, exporter = scraped(host)
    status = (lambda text: dict(line.split(":\t", 1) for line in text.splitlines()))(
        open(f"/proc/{exporter.process.pid}/status", encoding="ascii").read())
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}, status
    assert status["NoNewPrivs"] == "1" and status["Uid"].split()[0] != "0"
    assert not exporter.log, exporter.log
    for request in ({"cmd": "reload"}, {"cmd": "detach"}, {"cmd": "limit", "name": "odd", "value": "1"}):
        ask = ("import glob, socket; s = socket.socket(socket.AF_UNIX); "
               f"s.connect(glob.glob('/run/arpline/*-{host.ns.inode}/control.sock')[0]); "
               f"s.sendall(b'{json.dumps(request)}\\n'); print(s.recv(4096).decode())")
        done = run("setpriv", "--reuid=nobody", f"--regid={GROUP}", "--clear-groups", "/usr/bin/python3", "-c", ask)
        assert "only root may ask" in done.stdout, done.stdout


def test_without_the_group_it_is_up_0_and_the_log_says_why(wired):
    host, _ = wired()
    host.start_arplined(READABLE)
    exporter = Exporter(host, group="nogroup")
    assert exporter.value("arpline_up") == 0 and exporter.value("arpline_parent_up", parent="nic0") == 0
    assert "permission denied; name control_group" in exporter.log, exporter.log


def test_daemon_that_hangs_or_dies_is_down_until_it_answers_again(wired):
    host, _ = wired()
    daemon, exporter = scraped(host)
    assert exporter.value("arpline_up") == 1
    daemon.sigstop()
    wait_until(lambda: exporter.value("arpline_parent_up", parent="nic0") == 0, 10, "it hangs")
    daemon.sigcont()
    wait_until(lambda: exporter.value("arpline_up") == 1, 10, "it answers again")
    daemon.kill9()
    wait_until(lambda: exporter.value("arpline_parent_up", parent="nic0") == 0, 10, "it is dead")
    assert exporter.value("arpline_up") == 0
    assert exporter.log.count("nic0: arplined is dead, or hangs") == 2, exporter.log
    host.start_arplined(READABLE)
    wait_until(lambda: exporter.value("arpline_up") == 1, 10, "it was started again")


def test_endpoints_beyond_the_bound_are_in_the_sums_only_and_the_first_keep_their_series(wired):
    host, _ = wired(children=2)
    _, exporter = scraped(host, exporter_options=("--endpoints", "2"))
    before = exporter.series("arpline_endpoint_info")
    assert len(before) == 2 and exporter.value("arpline_table_left_out_endpoints") == 0
    wait_known(host, *host.add_children(3))
    wait_until(lambda: exporter.value("arpline_table_left_out_endpoints") == 3, 5, "the others are left out")
    assert exporter.series("arpline_endpoint_info") == before
    assert sum(exporter.series("arpline_endpoints").values()) == 5
    assert len(exporter.series("arpline_sender_requests_frames_total")) == 3  # theirs, and the parent's


def test_without_series_of_endpoints_there_are_the_sums(wired):
    host, _ = wired(children=3)
    _, exporter = scraped(host, exporter_options=("--endpoints", "0"))
    text = exporter.scrape()
    assert "arpline_endpoint_" not in text and "arpline_sender_" not in text
    assert sum(exporter.series("arpline_endpoints").values()) == 3


@pytest.mark.timeout(120)
def test_no_name_of_a_containers_breaks_the_text(lab, wired):
    own_netns_folder()
    host, _ = wired(children=0)
    for name in INTERFACES:
        rename(host.add_child(), name)
    _, exporter = scraped(host)
    wait_until(lambda: len(exporter.series("arpline_endpoint_info")) == len(INTERFACES), 10, "all are there")
    text = exporter.scrape()
    assert text.isascii() and not [line for line in text.splitlines() if not line.isprintable()]
    check_metrics(text)
    names = {dict(labels)["interface"] for labels in exporter.series("arpline_endpoint_info")}
    assert {name.replace("\\\\", "\\").replace('\\"', '"') for name in names} == {visible(name) for name in INTERFACES}


def test_clients_that_say_half_a_request_do_not_keep_others_out(wired):
    host, _ = wired()
    _, exporter = scraped(host)
    slow = []
    for _ in range(12):
        with host.ns.entered():
            slow.append(socket.create_connection(("127.0.0.1", PORT)))
        slow[-1].sendall(b"GET /metrics HTTP/1.1\r\n")
    status, text = http_get(host, PORT, "/metrics", timeout=30)
    assert status == 200 and "arpline_up 1" in text


@pytest.mark.timeout(120)
def test_large_answer_arrives_whole_beside_clients_that_do_not_read(wired):
    host, _ = wired()
    child = host.children[0]
    child.ns.ip_batch(f"addr add 10.77.{100 + number // 250}.{number % 250 + 1}/16 dev {child.interface}"
                      for number in range(MANY - 1))
    _, exporter = scraped(host)
    wait_until(lambda: sum(exporter.series("arpline_endpoints").values()) == MANY, 20, "all are found")
    assert len(exporter.series("arpline_endpoint_info")) == MANY
    silent = []
    for _ in range(8):
        with host.ns.entered():
            silent.append(socket.socket())
            silent[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            silent[-1].connect(("127.0.0.1", PORT))
        silent[-1].sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    status, text = http_get(host, PORT, "/metrics", timeout=30)
    assert status == 200 and len(re.findall("^arpline_endpoint_info", text, re.MULTILINE)) == MANY


def test_there_is_nothing_but_the_metrics(wired):
    host, _ = wired()
    _, exporter = scraped(host)
    for path in ("/", "/etc/passwd", "/../../etc/passwd", "/metrics/../etc/passwd", "//etc/passwd"):
        assert http_get(host, PORT, path)[0] in (400, 404), path
    for method in ("POST", "PUT", "DELETE"):
        assert http_get(host, PORT, "/metrics", method)[0] >= 400, method
    assert exporter.value("arpline_up") == 1


def test_what_it_cannot_do_is_said_in_one_line(wired):
    host, _ = wired()
    Exporter(host)
    for options, code, words in ((("--listen", "10826"), 2, "not ADDRESS:PORT"), (("--endpoints", "4097"), 2, "4096"),
                                 ((), 1, f"listen at 127.0.0.1:{PORT}")):
        done = host.ns.run(exporter_program(), *options, check=False)
        assert done.returncode == code and words in done.stderr, done
        assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.timeout(120)
def test_prometheus_answers_every_query_of_the_dashboard(lab, wired):
    host, peer = wired(children=2)
    scraped(host, EVERYTHING)
    prometheus = Prometheus(host)
    confirm(peer.wire(), host, *host.children)
    late = host.add_child()
    wait_known(host, late)
    late.delete()
    time.sleep(3)  # rates need some scrapes
    targets = [target for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"] for target in panel["targets"]]
    assert len(targets) > 30
    known = set(prometheus.ask("label/__name__/values"))
    for target in targets:
        expression = (target["expr"].replace("$parent", ".*").replace("$instance", ".*")
                      .replace("$__rate_interval", "1m"))
        assert prometheus.query(expression) is not None, expression
        missing = set(re.findall(r"arpline_\w+", expression)) - known - MAY_BE_ABSENT
        assert not missing, f"{missing} in {expression}"


def test_alert_rules_are_sound_and_pass_their_unit_tests():
    check_rules("check", "rules", ROOT / "tools" / "exporter" / "arpline.rules.yml")
    check_rules("test", "rules", ROOT / "tests" / "metrics" / "alerts_test.yml")
