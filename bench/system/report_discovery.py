# SPDX-License-Identifier: Apache-2.0
"""The report's section about discovery."""
from report_tables import table

METHOD = """One at a time: {samples} changes of each kind, on a host that is otherwise idle. *From the event* is what
the daemon says itself (`arpline status --json`): from the moment it has received the event to the kernel's answer
that its egress program saw, or to the moment when no answer is given any more. *From outside* is the bench's clock:
from before the system call that makes the change; for what goes, from its end to the last answer on the wire. A peer
asks for the address about 1,000 times a second from before it is there until after it has gone: an endpoint is
confirmed only when somebody asks. For that `limits.to_child` is 100,000 instead of 100. A child *made inside* gets a
fresh namespace in `/run/netns` just before, as Podman and CNI do it. What never comes counts as 3 s."""

CROWD = """{crowd} containers, a namespace each. *While others change*: {per_second:.0f} times a second an address of
one of them goes or comes, which takes {cpu:.0f} % of a core of the daemon's; these changes count too. *All at once*:
one `ip -batch` deletes them all."""

ROUNDS = """{crowd} containers made and deleted, as fast as the kernel can. Right: all of them were in the table, and
then none. Descriptors, namespace ids (`ip netns list-id`, those without a name) and memory are from the end of each
round."""

MEMORY = """Idle, all announced and nobody asking, for {seconds} s: **{cpu:.2f} %** of a core, **{all:.1f} MB**
resident. Of that {maps:.1f} MB are maps shared with the programs, {files:.1f} MB program and libraries, {own:.1f} MB
the daemon's own memory with the rings' frames."""


def figures(found: dict) -> tuple:
    if not found["count"]:
        return ("", "", "", 0)
    return (*(f"{found[name]:.2f}" for name in ("p50_ms", "p99_ms", "most_ms")), found["count"])


def section(found: dict) -> str:
    if not found:
        return "Not measured."
    rows = [(what, *figures(found[change][clock])) for what, change, clock in (
        ("address added → confirmed, from the event", "added", "from_event"),
        ("– from outside", "added", "from_start"),
        ("child made inside, up → confirmed, from the event", "inside", "from_event"),
        ("– from outside, the interface going up", "inside", "from_up"),
        ("address removed → not answered, from the event", "removed", "from_event"),
        ("– from outside, the last answer", "removed", "on_the_wire"),
        ("namespace deleted → not answered, from the event", "deleted", "from_event"),
        ("address or namespace gone while others change, from the event", "busy", "from_event"),
        ("– from outside, the last answer for an address", "busy", "on_the_wire"),
        ("address added while others change → in the table, from the event", "busy", "found"),
        ("namespaces deleted all at once → not answered, from the event", "all_deleted", "from_event"))]
    busy, idle = found["busy"], found["idle"]
    return "\n\n".join([
        METHOD.format(samples=found["added"]["from_event"]["count"]),
        table(("change", "p50, ms", "p99, ms", "most, ms", "samples"), rows),
        CROWD.format(crowd=found["crowd"], per_second=busy["per_second"], cpu=busy["cpu"] * 100),
        f"Started with {found['crowd']} containers there, all of them are in the table after "
        f"{', '.join(f'{seconds:.2f}' for seconds in found['starts'])} s, from exec.",
        MEMORY.format(seconds=idle["seconds"], cpu=idle["cpu"] * 100, **idle["memory"]),
        ROUNDS.format(crowd=found["crowd"]), rounds(found["rounds"])])


def rounds(rows) -> str:
    return table(("round", "right", "s", "the daemon's CPU, s", "descriptors", "ids", "resident, MB"),
                 [(number, "yes" if one["right"] else "**no**", f"{one['seconds']:.1f}", f"{one['cpu_seconds']:.2f}",
                   one["descriptors"], one["namespace_ids"], f"{one['memory']['all']:.1f}")
                  for number, one in enumerate(rows, 1)])
