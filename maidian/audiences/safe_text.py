"""Texts of files that people open and pass on: no formula starts in them, no mobile number stands in them unasked."""

import hashlib
import hmac
import re

from maidian.audiences.export_rules import PhoneNumbers

# A spreadsheet takes a text with one of these in front for a formula; full-width forms too, in Chinese and Japanese ones.
# Some readers drop spaces, line feeds and invisible marks in front first.
FORMULA_START = re.compile("[\\s\u00a0\u3000\u200b\u200e\u200f\ufeff\\x00]*[=+\\-@＝＋－＠]|[\t\r\n]")

# What XLSX cannot hold, and no text of ours needs.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

# 11 digits from 13 to 19, alone or after +86, in one piece or as 138-1234-5678; a longer number is something else.
MOBILE = re.compile(
    r"(?<![0-9０-９])(?:[+＋]?(?:86|８６)[-\s]?|0086[-\s]?)?([1１][3-9３-９][0-9０-９][-\s]?[0-9０-９]{4}[-\s]?[0-9０-９]{4})(?![0-9０-９])"
)
MANY_DIGITS = re.compile(r"[1１][3-9３-９]")  # quicker to look for, and in few texts
HASH_DIGITS = 12


def without_formula(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet would read it as a formula."""
    return f"'{text}" if FORMULA_START.match(text) else text


def without_control(text: str) -> str:
    """The text without the characters that a workbook cannot hold."""
    return CONTROL.sub("", text)


def without_phone_numbers(text: str, how: PhoneNumbers, salt: str) -> str:
    """The text with its Chinese mobile numbers as 138****5678, or as a salted hash that tells equal ones apart."""
    if how == "keep" or not MANY_DIGITS.search(text):
        return text
    return MOBILE.sub(lambda found: _hidden(found[1], how, salt), text)


def _hidden(number: str, how: PhoneNumbers, salt: str) -> str:
    digits = "".join(str(int(each)) for each in number if each.isdigit())
    if how == "mask":
        return f"{digits[:3]}****{digits[-4:]}"
    return "phone:" + hmac.new(salt.encode(), digits.encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS]
