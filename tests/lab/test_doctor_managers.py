# SPDX-License-Identifier: Apache-2.0
"""doctor recognizes systemd-networkd and NetworkManager, which run for real in a namespace of the lab."""
import time
from pathlib import Path

from common import run, wait_until
from doctor import find, findings, found, healthy
from managers import needs, networkd, start


def network_manager(lab, ns):
    needs("NetworkManager", "dbus-daemon", "nmcli")
    config = "[main]\\nplugins=keyfile\\nno-auto-default=*\\nauth-polkit=root-only\\n[logging]\\nlevel=INFO\\n"
    return start(lab, ns, "NetworkManager", "/run/dbus /run/NetworkManager /var/lib/NetworkManager", f"""
chmod 755 /run/dbus
printf '{config}' > /var/lib/NetworkManager/lab.conf
dbus-daemon --system --fork --nopidfile
exec NetworkManager --no-daemon --config /var/lib/NetworkManager/lab.conf --config-dir /run/NetworkManager/conf.d \\
  --system-config-dir /run/NetworkManager/conf.d --state-file /run/NetworkManager/lab.state""")


def told(host, started, what):
    """Waits for the finding; on failure shows the manager's output."""
    process, log = started
    wait_until(lambda: [one for one in findings(host) if one["id"] == "managed"], 15,
               lambda: f"{what} manages it; exit code {process.poll()}: {log.read_text()[-2000:]}")
    return found(host, "managed")


def addresses(child) -> str:
    return child.ns.ip("-br", "addr", "show", "dev", child.interface).stdout


def test_networkd_in_a_container_takes_its_address_with_the_carrier(lab, wired):
    host, peer = wired(children=2)
    child = host.children[0]
    child.remove_address()
    started = networkd(lab, child.ns, "mv0", f"Address={child.address}/16")
    finding = told(host, started, "networkd")
    assert finding["severity"] == "note" and child.ns.name in finding["subject"], finding
    # The manager has its own root, so no command on the host can reconfigure it.
    assert finding["command"] is None and "KeepConfiguration=yes" in finding["evidence"], finding
    assert "10-lab.network.d/arpline.conf" in finding["evidence"], finding
    wait_until(lambda: child.address in addresses(child), 5, "networkd gives the address")
    peer.ns.ip("link", "set", peer.nic, "down")
    wait_until(lambda: child.address not in addresses(child), 5, "networkd takes the address")
    finding = found(host, "managed", child.mac)
    assert finding["severity"] == "warning", finding
    folder = Path(f"/proc/{started[0].pid}/root/etc/systemd/network/10-lab.network.d")
    folder.mkdir()
    (folder / "arpline.conf").write_text("[Network]\nKeepConfiguration=yes\n", encoding="ascii")
    assert not find(host, "managed"), findings(host)


def test_networkd_that_keeps_the_configuration_is_no_finding(lab, wired):
    host, _ = wired()
    process, log = networkd(lab, host.children[0].ns, "mv0", "KeepConfiguration=yes")
    root = Path(f"/proc/{process.pid}/root")
    wait_until(lambda: any((root / "run/systemd/netif/links").glob("*")), 15,
               lambda: f"networkd knows its interfaces: {log.read_text()[-2000:]}")
    time.sleep(0.5)
    healthy(host)
    assert host.children[0].address in addresses(host.children[0])


def test_networkd_on_the_parent_is_a_note(lab, wired):
    host, _ = wired()
    finding = told(host, networkd(lab, host.ns, host.nic, "Address=10.77.0.2/16"), "networkd")
    assert (finding["severity"], finding["subject"]) == ("note", host.nic), finding
    assert host.arpline("doctor").returncode == 0
    assert "systemd-networkd manages" in host.arpline("preflight", host.nic).stdout


def test_network_manager_on_the_parent_is_found(lab, wired):
    host, _ = wired()
    host.address("10.77.0.2/16")
    started = network_manager(lab, host.ns)
    finding = told(host, started, "NetworkManager")
    assert finding["subject"] == host.nic and "NetworkManager" in finding["evidence"], finding
    assert finding["command"] is None, "its files are not the host's"
    run("nsenter", "-t", started[0].pid, "-m", "-n", "nmcli", "device", "set", host.nic, "managed", "no")
    wait_until(lambda: not find(host, "managed"), 5, lambda: findings(host))
