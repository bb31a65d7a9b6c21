r"""The lines of `lmstat -a`, as one pattern of alternatives, and the usual shape of a feature's block.

`LINE.fullmatch(line).lastgroup` is `is_` and the kind of a line: each alternative is one group around its parts.
Letter case does not matter, as some sites change it. Displays may hold anything, so that a checkout is
anchored at its end: the last `(version) (host/port handle)` before `, start`.
"""

from __future__ import annotations

import re

LONGEST_LINE = 20_000  # characters; a longer one is not a line of lmstat
NUMBER = r"\d{1,15}"  # more digits are no count of licenses

_LICENSES = r"licen[cs]es?"
_ERROR_CODE = r"\(-\d{1,4},\d+(?::\d+)?(?:[ \t]+\"[^\"]*\")?\)"
_DATE = r"\d{1,2}/\d{1,2}/(?:\d{4}|X{4})"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?"

_KINDS = {
    "entry": rf"""
        [ \t]* (?P<identity>\S.*)? [ ] \( v?(?P<version>[^()\s]*) \) [ \t]+
        \( (?P<server_host>[^()\s]+)/(?P<port>\d{{1,5}}|\[?[a-z]+\]?) (?:[ \t]+(?P<handle>[^()\s]+))? [ \t]* \)
        (?: ,?[ \t]+start[ \t]+ (?P<weekday>[a-z]{{3}}) [ \t]+ (?P<day>\d{{1,2}}/\d{{1,2}}(?:/\d{{2}}(?:\d\d)?)?)
            [ \t]+ (?P<clock>{_CLOCK})
            (?: ,[ \t]*(?P<count>{NUMBER})[ \t]{_LICENSES}
              | ,?[ \t]*\(linger:[ \t]*(?P<linger>{NUMBER})(?:[ \t]*/[ \t]*(?P<linger_total>{NUMBER}))?[ \t]*\)
              | ,[ \t]*PID:[ \t]*\d+ )*
          | ,?[ \t]*queued[ ]for[ ](?P<queued>{NUMBER})[ ]{_LICENSES}
        ) [ \t]*""",
    "heading": rf"""
        [ \t]* Users[ ]of[ ](?P<feature>.+?)[ \t]*:[ \t]*
        (?: \( (?: Total[ ](?:of[ ])?(?P<issued>{NUMBER})[ \t]+{_LICENSES}[ \t]+issued;[ \t]*
                   (?:Total[ ](?:of[ ])?)?(?P<in_use>{NUMBER})[ \t]+{_LICENSES}[ \t]+in[ ]use
                 | (?P<uncounted>Uncounted\b.*)
                 | Error:[ \t]*(?P<unsupported>{NUMBER})[ \t]+{_LICENSES}\b.* ) \)
          | (?P<refusal>Cannot[ ]get[ ]users[ ]of.*) ) [ \t]*""",
    "block": r"""
        [ \t]* "(?P<block_name>.*?)"[ \t]+v?(?P<block_version>[^\s,]+),[ \t]*vendor:[ \t]*(?P<block_vendor>[^\s,]+)
        (?:,[ \t]*expiry:[ \t]*(?P<expiry>\S.*?))? [ \t]*""",
    "vendor_string": r"[ \t]* vendor_string:.*",
    "type": r"[ \t]* (?:(?P<floating>floating[ ]license) | (?:uncounted[ ])?node-?locked[ ]license) \b.*",
    "reservation": rf"""
        [ \t]* (?P<reserved>{NUMBER})[ ]RESERVATIONs?[ ]for[ ](?P<reserved_kind>\S+)[ ](?P<reserved_for>.+?)
        [ \t]+\([^()\s]+/[^()\s/]+(?:[ ][^()\s]+)?\) [ \t]*""",
    "date": rf"""
        .{{0,200}}? License[ ]Manager[ ]status[ ]on[ ](?P<date_weekday>[a-z]{{3}})[ ](?P<date>{_DATE})[ ]
        (?P<date_clock>{_CLOCK}) [ \t]*""",
    "banner": r"[ \t]* \S+[ ]-[ ]Copyright[ ]\(c\).* | [ \t]*\[Detecting[ ]lmgrd[ ]processes[^\]]*\][ \t]*",
    "server": r"(?:\[Detecting[^\]]*\])?[ \t]* License[ ]server[ ]status:[ \t]*(?P<address>.*?)[ \t]*",
    "file": r"[ \t]* License[ ]file\(?s?\)?[ ]on[ ].*",
    "node": r"""
        [ \t]* (?P<node>\S*?):[ \t]*license[ ]server[ ](?P<node_status>UP|DOWN)\b[ \t]*(?P<master>\(MASTER\))?
        (?:[ \t]*v(?P<node_version>\S+))? [ \t]*""",
    "daemons": r"[ \t]* Vendor[ ]daemon[ ]status\b.*",
    "daemon": r"""
        [ \t]* (?P<daemon>[^\s:]+):[ \t]*(?P<daemon_status>UP|DOWN)\b (?:[ \t]*v(?P<daemon_version>\S+))? [ \t]*""",
    "usage": r"[ \t]* Feature[ ]usage[ ]info:?[ \t]*",
    "failing": rf"""
        [ \t]* (?P<who>[^\s:]+):[ \t]+(?P<why>
            .*{_ERROR_CODE}.* | (?:The[ ]desired[ ]vendor[ ]daemon|Cannot[ ](?:connect|read))\b.*)""",
    "failure": rf"""
        [ \t]* (?: Error[ ]getting[ ]status: | lmgrd[ ]is[ ]not[ ]running | Server[ ]node[ ]is[ ]down
            | License[ ]server[ ]machine[ ]is[ ]down | No[ ]SERVER[ ]lines | Cannot[ ]connect[ ]to[ ]license[ ]server
            | Cannot[ ]read[ ]data[ ]from | Cannot[ ]find[ ]license[ ]file | Invalid[ ]license[ ]file
            | Can't[ ]open | FLEX(?:net|lm)[ ](?:Licensing[ ])?error: ).*
        | .*{_ERROR_CODE}.*""",
    "no_feature": r"[ \t]* No[ ]such[ ]feature[ ]exists\b.*",
    "explanation": r"""
        [ \t]* (?: the[ ]license[ ]server[ ]manager[ ]\(lmgrd\)[ ]has[ ]not | the[ ]wrong[ ]port@host
            | port[ ]or[ ]hostname[ ]in | (?:Feature|Server[ ]name|Hostname|Vendor|License[ ]path):
            | For[ ]further[ ]information | available[ ]at[ ]" ).*""",
    "rule": r"[ \t]* (?:-{10,}|_{10,}|={10,}) [ \t]*",
}
LINE = re.compile(
    "|".join(f"(?P<is_{kind}> {pattern} )" for kind, pattern in _KINDS.items()),
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
WRAPPED_ADDRESS = re.compile(r"[ \t]*\S+@\S+[ \t]*")  # a triad's list that goes on in the next line
LIKE_A_HEADING = re.compile(r"^users? of|\btotal of\b|licenses? issued|in use\)", re.IGNORECASE)

# The usual shape. A report is cut at HEADING_START, what follows at BLOCK_START; then the first piece begins with the
# totals, the others with a block's own lines, and after that come checkouts, each a line.
HEADING_START = "\nUsers of "
BLOCK_START = '\n  "'
USUAL_HEADING = re.compile(
    rf"(.+?):[ ]*\(Total of ({NUMBER}) licenses? issued;[ ]*Total of ({NUMBER}) licenses? in use\)$", re.MULTILINE
)
USUAL_BLOCK = re.compile(
    r"""
    .*?"[ ]v?([^\s,]+),[ ]vendor:[ ]([^\s,]+)(?:,[ ]expiry:[ ](\S.*))?\n
    (?:\s*?[ ]{2}vendor_string:.*\n)?
    \s*?[ ]{2}(?:(floating[ ]license)|(?:uncounted[ ])?nodelocked[ ]license).*$""",
    re.VERBOSE | re.MULTILINE,
)
USUAL_CHECKOUT = re.compile(
    r"^ {4}(([^ \n]++) ([^ \n]++) ([^ \n]++)) \(v([^() \n]++)\) \(([^ /()\n]++)/([^ /()\n]++) ([^ ()\n]++)\), start "
    r"([A-Z][a-z][a-z] [0-9]{1,2}/[0-9]{1,2}) ([0-9]{1,2}:[0-9]{2})(?:, ([0-9]{1,15}) licenses?)?(?:, PID: [0-9]+ ?)?$",
    re.MULTILINE,
)
