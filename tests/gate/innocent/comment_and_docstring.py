# as: workflows/nudge.py

"""Never calls page.publish, nor api.statuspage.io/v1/pages/x/incidents."""

# page.publish(approved) would be wrong here: ApprovedDraft, _MINT, getattr(page, name)


def nothing() -> None:
    """Nor approved_to_send."""
