"""An incident commander for Slack."""
