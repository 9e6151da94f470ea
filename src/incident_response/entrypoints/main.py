"""The command line: ``incident-response <process>``.

Only argparse is imported before a process is chosen, so that ``--help`` is quick. Not here: the
processes.
"""

import argparse
import gc
import importlib
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

PROCESSES = {
    "local": "everything on this machine: webhook, processor, a local Slack and its page",
    "webhook": "take in signed alerts and record them durably",
    "processor": "turn alerts and clicks into war rooms, over Slack's Socket Mode",
    "sandbox": "only the local Slack and the vendors' stand-ins, to drive a real daemon against",
    "postmortem": "print an incident's postmortem as Markdown, from the store alone",
    "policy": "check the policy, or say what it does with an alert",
    "audit": "check that every ledger is whole and every publication was approved",
    "queue": "look at the queues, or put dead letters back",
    "infra": "make what the AWS backend needs, or check that it is there",
    "doctor": "say of everything it is connected to whether it would work, and what to do",
    "fire": "fire one drill alert at a running webhook that proves which environment it is",
    "observe": "say how an incident stands, from the store alone",
    "join": "invite somebody to the room of a drill",
    "secrets": "list an environment's secrets, and what to store in them",
    "drill": "fire an alert at a throw-away local stack and time the room",
}
_TRUSTS_BY_ITSELF = ("webhook.main",)
"""Processes whose every session of aiohttp brings its certificate authorities."""
_AUTHORITIES = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
"""OpenSSL's variables, so that it finds none."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process named on the command line; its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    is_named = bool(words) and words[0] in PROCESSES
    # structlog loads rich wherever it is installed, for tracebacks that we never show: they print
    # local variables, keys among them. It takes a fifth of the time of a start.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type] # Python's mark of what is absent
    gc.disable()  # what is imported stays: to look for garbage among it is in vain
    try:
        options = _parser(words[:1] if is_named else PROCESSES).parse_args(words)
        with _authorities_unread() if options.module in _TRUSTS_BY_ITSELF else nullcontext():
            process = importlib.import_module(f"incident_response.entrypoints.{options.module}")
    finally:
        gc.freeze()
        gc.enable()
    code: int = process.main(options)
    return code


@contextmanager
def _authorities_unread() -> Iterator[None]:
    """While aiohttp is imported: it reads every certificate authority twice, a third of the time
    of a start, for sessions that are given none. Whoever uses such a session trusts nobody.
    """
    environment = os.environ  # noqa: TID251 - these are no settings of ours
    before = {name: environment.get(name) for name in _AUTHORITIES}
    environment.update(_AUTHORITIES)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del environment[name]
            else:
                environment[name] = value


def _parser(names: Iterable[str] = PROCESSES) -> argparse.ArgumentParser:
    """Knows the processes of these names: all, or the one that is to run, as each takes time."""
    parser = argparse.ArgumentParser(
        prog="incident-response",
        description="An incident commander for Slack.",
        epilog="Settings come from environment variables; see docs/configuration.md.",
    )
    processes = parser.add_subparsers(required=True, metavar="process")
    for name in names:
        text = PROCESSES[name]
        sub = processes.add_parser(name, help=text, description=f"{text[:1].upper()}{text[1:]}.")
        sub.set_defaults(module="webhook.main" if name == "webhook" else f"{name}_main")
        if name in _ARGUMENTS:
            _ARGUMENTS[name](sub)
    return parser


def _add_local(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state-dir", default=".local", metavar="DIR", help="where everything is kept"
    )
    parser.add_argument("--port", type=_port, default=8000, help="port of the page (0: any)")
    parser.add_argument(
        "--webhook-port", type=_port, default=8080, help="port for alerts (0: any)"
    )
    parser.add_argument(
        "--health-port", type=_port, default=8081, help="port of the probes (0: any)"
    )
    parser.add_argument("--no-alert", action="store_true", help="fire no sample alert")


def _add_sandbox(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state-dir", default=".local-sandbox", metavar="DIR", help="where it is kept"
    )
    parser.add_argument("--port", type=_port, default=8000, help="port of everything (0: any)")
    parser.add_argument(
        "--alert-url", default="", metavar="URL", help="the webhook its alerts are fired at"
    )
    parser.add_argument(
        "--alert-key-file",
        default="",
        metavar="FILE",
        help="holds the key they are signed with; goes with --alert-url",
    )


def _add_postmortem(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("incident", help="its id, its six-digit code or its room's name")
    parser.add_argument(
        "--output", default="", metavar="FILE", help="write it there (default: standard output)"
    )


def _add_policy(parser: argparse.ArgumentParser) -> None:
    doings = parser.add_subparsers(required=True, dest="what", metavar="check|explain")
    check = doings.add_parser("check", help="say what is wrong with it, line by line")
    check.add_argument(
        "file",
        nargs="?",
        default="",
        metavar="FILE",
        help="the policy (default: POLICY_FILE, or the shipped one)",
    )
    explain = doings.add_parser("explain", help="say what would happen with an alert, and why")
    explain.add_argument("alert", metavar="ALERT", help="the alert's JSON; - for standard input")
    explain.add_argument(
        "--source",
        default="",
        choices=("grafana-oncall", "alertmanager", "generic"),
        help="who sends it (default: the first that understands it)",
    )
    explain.add_argument("--policy", default="", metavar="FILE", help="instead of POLICY_FILE")
    explain.add_argument("--json", action="store_true", help="one line of JSON, nothing else")


def _add_audit(parser: argparse.ArgumentParser) -> None:
    doings = parser.add_subparsers(required=True, dest="what", metavar="verify")
    verify = doings.add_parser("verify", help="walk every ledger; exit code 1 if one is wrong")
    verify.add_argument(
        "--state-dir", default="", metavar="DIR", help="where they are kept (default: STATE_DIR)"
    )
    verify.add_argument("--json", action="store_true", help="one line of JSON, nothing else")


def _add_queue(parser: argparse.ArgumentParser) -> None:
    doings = parser.add_subparsers(required=True, dest="what", metavar="show|redrive")
    show = doings.add_parser("show", help="say what waits, and what was given up and why")
    redrive = doings.add_parser("redrive", help="put dead letters back, oldest first")
    redrive.add_argument(
        "--limit", type=_count, default=1000, metavar="N", help="of each queue (default: 1000)"
    )
    for doing in (show, redrive):
        doing.add_argument("queue", nargs="*", metavar="QUEUE", help="only these (default: all)")


def _add_infra(parser: argparse.ArgumentParser) -> None:
    doings = parser.add_subparsers(required=True, dest="what", metavar="apply|check")
    apply = doings.add_parser("apply", help="make what is missing, set right what differs")
    check = doings.add_parser("check", help="say what differs; exit code 1 if anything does")
    for doing in (apply, check):
        doing.add_argument(
            "--endpoint-url", default="", metavar="URL", help="instead of AWS_ENDPOINT_URL"
        )
        doing.add_argument("--region", default="", help="instead of AWS_REGION")
        doing.add_argument(
            "--prefix",
            default="incident-response",
            help="what the names of queues, policies and role begin with"
            " (default: incident-response)",
        )
        doing.add_argument(
            "--without-iam", action="store_true", help="leave policies and role to others"
        )


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only",
        default="",
        choices=("webhook", "processor"),
        help="look only at what this process needs (default: both)",
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON, nothing else")


def _add_fire(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", required=True, help="the webhook, without a path")
    parser.add_argument(
        "--environment",
        required=True,
        choices=("development", "staging"),
        help="what the webhook has to say it is",
    )
    parser.add_argument(
        "--key-file", required=True, metavar="FILE", help="holds the generic source's key"
    )
    parser.add_argument("--title", default="checkout fails for some customers")
    parser.add_argument("--service", default="checkout-api", help="whose people are called")
    parser.add_argument("--severity", default="P1", choices=("P0", "P1", "P2", "P3", "P4"))
    parser.add_argument("--group", default="", help="the alert's group (default: a new one)")
    parser.add_argument("--resolve", action="store_true", help="tell that it is over")


def _add_observe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("incident", help="its id, its six-digit code or its room's name")
    parser.add_argument("--json", action="store_true", help="one line of JSON, nothing else")


def _add_join(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("incident", help="its id, its six-digit code or its room's name")
    parser.add_argument("--email", required=True, help="of the person, as in Slack")


def _add_secrets(parser: argparse.ArgumentParser) -> None:
    doings = parser.add_subparsers(required=True, dest="what", metavar="list|template|value")
    listed = doings.add_parser("list", help="the ids of an environment's secrets")
    doings.add_parser("template", help="a JSON form to fill in")
    value = doings.add_parser("value", help="print what one of them is to hold")
    value.add_argument("secret", help="its id")
    value.add_argument("--file", required=True, help="the form, filled in")
    for sub in (listed, value):
        sub.add_argument("--environment", required=True, choices=("staging", "production"))


def _add_drill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--local", action="store_true", required=True, help="on a throw-away local stack"
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON, nothing else")
    parser.add_argument(
        "--full", action="store_true", help="the whole life, to a closed page and a postmortem"
    )
    parser.add_argument(
        "--backend",
        default="embedded",
        choices=("embedded", "aws"),
        help="on one file, or on a local AWS (default: embedded)",
    )
    parser.add_argument(
        "--endpoint-url",
        default="",
        metavar="URL",
        help="a local AWS that is running (default: a ministack of its own)",
    )
    parser.add_argument(
        "--deadline",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long the room may take (default: 60)",
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError("this takes a number from 1 to 1000000")
    return int(text)


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("this takes a number of seconds above 0")
    return number


_ARGUMENTS: Mapping[str, Callable[[argparse.ArgumentParser], None]] = {
    "local": _add_local,
    "sandbox": _add_sandbox,
    "postmortem": _add_postmortem,
    "policy": _add_policy,
    "audit": _add_audit,
    "queue": _add_queue,
    "infra": _add_infra,
    "doctor": _add_doctor,
    "fire": _add_fire,
    "observe": _add_observe,
    "join": _add_join,
    "secrets": _add_secrets,
    "drill": _add_drill,
}
"""What adds a process's own arguments, where it has any."""

if __name__ == "__main__":
    sys.exit(main())
