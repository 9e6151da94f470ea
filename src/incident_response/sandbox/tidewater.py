"""Tidewater Systems: the company a fresh sandbox is seeded with.

What belongs here: the people, teams, services, channels and first messages as data. What does not:
look-ups (`company.py`). The company is deliberately untidy where real ones are: Derek left and is
still named in an escalation chain, Rosa is a guest, Viktor is in the directory but never got a
Slack account, and the directory spells Claire's address in another case than Slack does.
"""

from incident_response.sandbox.company import (
    DOMAIN,
    Company,
    Person,
    SeedChannel,
    SeedMessage,
    Service,
    Team,
    Telemetry,
)

PEOPLE = (
    Person("U07MAYA0KAF", "maya", "Maya Okafor", "Staff Engineer", "payments", "4f46a5"),
    Person(
        "U07J0NASL1N", "jonas", "Jonas Lindqvist", "Senior Engineer", "payments", "0b7a75",
        tz="Europe/Stockholm",
    ),
    Person(
        "U07PR1YARAM", "priya", "Priya Raman", "Engineering Manager", "payments", "b4432e",
        is_admin=True,
    ),
    Person(
        "U07T0MASHER", "tomas", "Tomás Herrera", "Engineer", "payments", "7a5c00",
        tz="Europe/Madrid",
    ),
    Person(
        "U07V1KT0RPE", "viktor", "Viktor Petrov", "Engineer", "payments", "555b6e",
        tz="Europe/Sofia", has_slack=False,
    ),
    Person(
        "U07DEREKVAU", "derek", "Derek Vaughn", "Senior Engineer", "payments", "8d8d8d",
        deleted=True,
    ),
    Person(
        "U07HANAWATA", "hana", "Hana Watanabe", "Senior Engineer", "discovery", "a8326e",
        tz="Asia/Tokyo",
    ),
    Person(
        "U07EL1R0SEN", "eli", "Eli Rosen", "Engineer", "discovery", "2f6db5",
        tz="America/New_York",
    ),
    Person(
        "U07NG0Z1ADE", "ngozi", "Ngozi Adeyemi", "Engineering Manager", "discovery", "2e7d32",
        tz="Africa/Lagos",
    ),
    Person(
        "U07R0SAK1MM", "rosa", "Rosa Kim", "Search Consultant", "discovery", "6d4c91",
        tz="America/Los_Angeles", is_restricted=True, in_directory=False,
    ),
    Person(
        "U07SAM1RHAD", "samir", "Samir Haddad", "Site Reliability Engineer", "platform", "c2571a",
        tz="Europe/Berlin",
    ),
    Person(
        "U07CLA1REDU", "claire", "Claire Dubois", "Staff SRE", "platform", "00695c",
        tz="Europe/Paris", directory_email=f"Claire@{DOMAIN.title()}",
    ),
    Person(
        "U07MARCUSBE", "marcus", "Marcus Bell", "Director of Engineering", "platform", "37474f",
        tz="America/New_York", is_admin=True,
    ),
    Person(
        "U07INESCARV", "ines", "Inês Carvalho", "Head of Customer Support", "support", "ad1457",
        tz="Europe/Lisbon",
    ),
    Person(
        "U07DEPL0YB0", "deploybot", "Deploybot", "", "platform", "1d4f91",
        is_bot=True, in_directory=False,
    ),
)  # fmt: skip

TEAMS = (
    Team("payments", "Payments", "S07PAYMENTS"),
    Team("discovery", "Discovery", "S07D1SCOVER"),
    Team("platform", "Platform", "S07PLATF0RM"),
    Team("support", "Customer Support", "S07SUPP0RTT"),
)

SERVICES = (
    Service(
        "checkout-api", "payments", "tidewater/checkout-api",
        "Takes baskets to paid orders",
        primary=("maya",), secondary=("jonas",),
        telemetry=Telemetry(0.0021, 0.138, 0.310, 2.84, 412.0),
        public_name="Checkout and payments",
    ),
    Service(
        "search-api", "discovery", "tidewater/search-api",
        "Answers product searches and suggestions",
        primary=("hana",), secondary=("eli",),
        telemetry=Telemetry(0.0008, 0.041, 0.145, 1.12, 960.0),
        public_name="Product search",
    ),
    Service(
        "billing-worker", "payments", "tidewater/billing-worker",
        "Settles invoices from a queue; not yet instrumented",
        primary=("jonas",), secondary=("tomas", "maya"),
        telemetry=None,
        public_name="Invoices",
    ),
    Service(
        "edge-gateway", "platform", "tidewater/edge-gateway",
        "Terminates TLS and routes everything",
        primary=("samir",), secondary=("claire",),
        telemetry=Telemetry(0.0004, 0.067, 0.082, 0.94, 2150.0),
        public_name="Website and API",
    ),
)  # fmt: skip

CHANNELS = (
    SeedChannel(
        "C07GENERAL0", "general", "Company-wide announcements",
        "Everyone at Tidewater Systems", is_general=True,
    ),
    SeedChannel(
        "C071NC1DENT", "incidents", "Every incident is announced here",
        "Who is on what, and where to join", has_app=True,
    ),
    SeedChannel(
        "C07ENG1NEER", "eng", "Builds, reviews and questions",
        "Engineering at Tidewater",
        members=(
            "maya", "jonas", "priya", "tomas", "derek", "hana", "eli", "ngozi", "rosa", "samir",
            "claire", "marcus", "deploybot",
        ),
    ),
    SeedChannel(
        "C070PSALERT", "ops-alerts", "Raw alerts; mute freely", "What the monitors say",
        members=("maya", "jonas", "hana", "samir", "claire", "marcus", "deploybot"),
    ),
)  # fmt: skip

# Nothing in #incidents: it stays empty until there is one.
TALK = (
    SeedMessage(
        "general", "ines", 190,
        "The autumn sale starts on Thursday at 09:00 UTC. Support is staffed until 22:00.",
    ),
    SeedMessage("general", "marcus", 176, "Thanks {ines}. Payments has doubled its capacity."),
    SeedMessage(
        "eng", "tomas", 131,
        "Could somebody look at the retry change in *checkout-api*? It is small: "
        "one retry on `ConnectionReset`, none after bytes were sent.",
    ),
    SeedMessage("eng", "maya", 124, "On it."),
    SeedMessage(
        "eng", "hana", 88, "Suggestions are served by the new ranking model now. p99 is unchanged."
    ),
    SeedMessage("eng", "deploybot", 47, "`checkout-api` was rolled out to production by {jonas}"),
    SeedMessage(
        "ops-alerts", "deploybot", 240,
        "Weekly report: 3 pages, all acknowledged within 4 minutes",
    ),
    SeedMessage("ops-alerts", "samir", 201, "The warning was staging's certificate. Fixed."),
)  # fmt: skip

TIDEWATER = Company(
    name="Tidewater Systems",
    domain=DOMAIN,
    team_id="T07T1DEWATR",
    people=PEOPLE,
    teams=TEAMS,
    services=SERVICES,
    channels=CHANNELS,
    talk=TALK,
)
