# SPDX-License-Identifier: Apache-2.0
"""arplined refuses a wrong configuration with one line that names the fault, before it changes anything."""
from common import refused, wired

WRONG = {
    "unknown key": ("colour = 'blue'", ("colour",)),
    "unknown table": ("[nonsense]\na = 1", ("nonsense",)),
    "unknown key of a parent": ("[parent.nic0]\nspeed = 1", ("speed",)),
    "mode of the wrong type": ("mode = 3", ("mode",)),
    "unknown mode": ("mode = 'shout'", ("mode",)),
    "fast_path of the wrong type": ("[parent.nic0]\nfast_path = 'yes'", ("fast_path",)),
    "on_stop with an unknown word": ("[parent.nic0]\non_stop = 'explode'", ("on_stop",)),
    "to_child of the wrong type": ("[limits]\nto_child = 'many'", ("to_child",)),
    "fast_path_exclude without a key": ("[parent.nic0]\nfast_path_exclude = [{}]", ("fast_path_exclude[0]",)),
    "unknown limit": ("[limits]\nto_everyone = 1", ("to_everyone",)),
    "a limit that can't be off": ("[limits]\nto_child = 'off'", ("to_child",)),
    "negative limit": ("[limits]\nto_child = -1", ("to_child",)),
    "refresh without a unit": ("[announce]\nrefresh = 'soon'", ("refresh",)),
    "on_conflict with an unknown word": ("[announce]\non_conflict = 'fight'", ("announce.on_conflict",)),
    "a gateway that is a subnet": ("[parent.nic0]\ngateways = ['10.77.0.0/16']", ("gateways[0]",)),
    "pair_ttl of the wrong type": ("pair_ttl = true", ("pair_ttl",)),
    "static without a MAC": ("[parent.nic0]\nstatic = [{ ip = '10.77.1.50' }]", ("static[0]", "mac")),
    "exclude without a key": ("[parent.nic0]\nexclude = [{}]", ("exclude[0]",)),
    "relative netns_folders": ("netns_folders = ['run/netns']", ("netns_folders",)),
    "control_group that does not exist": ("control_group = 'nosuchgroup'", ("control_group", "nosuchgroup")),
    "broken TOML": ("mode = [", ()),
    "parent is no table": ("parent = 'nic0'", ("parent",)),
}

LATER = {
    "zero_copy": "[parent.nic0]\nzero_copy = true",
    "workers": "[parent.nic0]\nworkers = 2",
    "cpus": "[parent.nic0]\ncpus = [1]",
    "busy_poll": "[parent.nic0]\nbusy_poll = true",
}


def every(lab, cases, extra=()):
    host, _ = wired(lab)
    path = lab.folder / "wrong.toml"
    failed = []
    for name, (text, words) in cases.items():
        path.write_text(text + "\n", encoding="utf-8")
        try:
            refused(host, "--parent", host.nic, "--config", path, expect=(*words, *extra))
        except AssertionError as error:
            failed.append(f"{name}: {error}")
    assert not failed, "\n".join(failed)


def test_wrong_keys_and_types_are_refused(lab):
    every(lab, WRONG)


def test_keys_of_later_versions_are_refused_by_name(lab):
    every(lab, {key: (text, (key,)) for key, text in LATER.items()}, extra=("not in this version",))


def test_missing_file_is_refused(lab, wired):
    host, _ = wired()
    refused(host, "--parent", host.nic, "--config", lab.folder / "none.toml", expect=("none.toml",))


def test_missing_parent_is_refused(wired):
    host, _ = wired()
    refused(host, "--parent", "nosuch0", expect=("nosuch0",))


def test_whole_configuration_is_accepted(wired):
    host, peer = wired()
    host.start_arplined({
        "mode": "answer", "pair_ttl": "30s", "claims": "alert",
        "parent": {"nic0": {"fast_path": True, "fast_path_exclude": [], "trunk": False, "generic_xdp": False,
                            "on_stop": "detach", "path_probe": "5s", "gateways": ["10.77.0.1"]}},
        "limits": {"to_child": 50, "ring": 10000, "foreign": "off"},
        "announce": {"on_conflict": "alert", "style": "request", "repeat": 2, "interval": "2s", "delay": "0s",
                     "refresh": "30s", "pps": 50, "probe": "off"},
    })
    assert peer.ping(host.children[0].address).answered == 3
