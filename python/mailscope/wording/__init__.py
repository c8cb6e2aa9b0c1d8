"""Everything Mailscope says of a case: statements by key, and the catalogues that put them into words.

Findings, hypotheses and reports carry :class:`Phrase` objects, never finished sentences, so that one
investigation can be read in any language of :data:`LANGUAGES`.
"""

from mailscope.wording.phrase import LANGUAGES, Amount, Phrase, amount, phrase, render, template

__all__ = ["LANGUAGES", "Amount", "Phrase", "amount", "phrase", "render", "template"]
