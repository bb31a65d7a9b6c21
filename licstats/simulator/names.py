"""Names of people and machines, made of syllables: nobody is meant."""

from __future__ import annotations

from random import Random

STARTS = ("ba", "bre", "da", "dor", "el", "fa", "gri", "ha", "ja", "kel", "lu", "ma", "nor", "o", "pra", "ri", "sal",
          "ste", "ta", "ul", "va", "wen", "yo", "za")  # fmt: skip
MIDDLES = ("", "", "", "bi", "do", "ke", "la", "mi", "no", "ra", "ri", "sa", "te", "vo")
ENDS = ("ba", "dan", "den", "gor", "kas", "lan", "lek", "mar", "nek", "nic", "rak", "ric", "sik", "tar", "ten", "var",
        "vic", "wal", "zak")  # fmt: skip


def surname(random: Random) -> str:
    return random.choice(STARTS) + random.choice(MIDDLES) + random.choice(ENDS)


def logins(random: Random, count: int, style: str) -> list[str]:
    """Distinct logins: `dot` a.name, `plain` aname, `number` p104233, `upper` ANAME."""
    made: dict[str, None] = {}
    while len(made) < count:
        initial, name = random.choice("abcdefghijklmnoprstuvwz"), surname(random)
        login = {
            "dot": f"{initial}.{name}",
            "plain": f"{initial}{name}"[:10],
            "number": f"p{random.randrange(100_000, 999_999)}",
            "upper": f"{name}{initial}".upper(),
        }[style]
        made[login] = None
    return list(made)
