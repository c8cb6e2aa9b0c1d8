"""What Mailscope says in Traditional Chinese: what stands in notices; the rest falls back to Simplified."""

from mailscope.wording.traditional.notices import TEMPLATES, UNITS

__all__ = ["TEMPLATES", "UNITS"]
