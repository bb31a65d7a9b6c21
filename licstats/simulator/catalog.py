"""What the license servers of the demo offer. Products and vendors are invented; the figures are of the usual size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from licstats.simulator.licenses import Kind

Row = tuple[str, int | None, int | None]  # version, licenses (None: uncounted), days until it expires (None: never)


@dataclass(frozen=True, slots=True)
class Offer:
    """One feature: its pools, and what is set aside of the first: (kind, name, count)."""

    name: str
    pools: tuple[Row, ...]
    kind: Kind = Kind.FLOATING
    reserved: tuple[tuple[str, str, int], ...] = ()
    note: str = ""
    sharing: str = ""


@dataclass(frozen=True, slots=True)
class ServerOffer:
    """One license server of the demo, with its features by vendor."""

    name: str
    manager: str
    hosts: tuple[str, ...]
    port: int
    site: str
    zone: str
    version: str
    vendors: dict[str, tuple[Offer, ...]] = field(hash=False)
    up_days: float = 40.0
    interval: int = 60
    prints_pid: bool = False


def offer(name: str, *pools: Row, **more: Any) -> Offer:
    return Offer(name, pools, **more)


def several(vendor_words: str, version: str, counts: tuple[int, ...], days: int | None) -> tuple[Offer, ...]:
    """One offer for each word, with the counts in turn."""
    return tuple(
        Offer(word, ((version, counts[place % len(counts)], days),)) for place, word in enumerate(vendor_words.split())
    )


def xf(size: int) -> tuple[Offer, ...]:
    """What PL, US and DK serve: WXPF with ten licenses each."""
    return (offer("WXPF", ("5.1", 10, 221)), offer("WXPS", ("5.1", size, 221)), offer("WXRD", ("5.2", size * 2, None)))


FORMA = (
    offer("FORMA_DESIGN", ("12.0", 190, 204), ("11.0", 25, 48), reserved=(("GROUP", "chassis", 8),)),
    offer("FORMA_ASSEMBLY", ("12.0", 120, 204), reserved=(("USER", "kiosk", 2),)),
    offer("FORMA_DRAFT", ("12.0", 90, 204)),
    offer("FORMA_SURFACE", ("12.0", 24, 204), note="edition=advanced"),
    offer("FORMA_ROUTE", ("12.0", 8, 204)),
    offer("FORMA_MOLD", ("11.0", 6, -9), ("12.0", 10, 204)),
    offer("FORMA_SUITE", ("2026.0", 60, 204)),
    offer("FORMA_SUITE_NC", ("2026.0", 60, 204)),
    offer("FORMA_VIEW", ("1.0", None, None), kind=Kind.UNCOUNTED),
    *several("FORMA_SHEET FORMA_HARNESS FORMA_PIPING FORMA_RENDER FORMA_NC3 FORMA_NC5 FORMA_IGES FORMA_STEP FORMA_JT",
             "12.0", (12, 6, 30, 4), 204),
)  # fmt: skip
STRUX = (
    offer("STRUX_SOLVE", ("2026.1", 900, 90), ("2025.2", 120, 18)),
    offer("STRUX_HPC", ("2026.1", 12_000, 90), note="cores"),
    offer("STRUX_PRE", ("2026.1", 70, 90)),
    offer("STRUX_POST", ("2026.1", 90, 90)),
    offer("STRUX_FATIGUE", ("2026.1", 15, 90), reserved=(("GROUP", "durability", 4),)),
    *several("STRUX_ACOUSTIC STRUX_THERMAL STRUX_EXPLICIT STRUX_OPTI STRUX_CFD STRUX_MBS", "2026.1", (10, 40, 25), 90),
)
MESHWAY = (
    offer("MeshwayTokens", ("26.0", 1_003, 300), sharing="CUSTOM VIRTUAL"),
    offer("MeshwayPre", ("26.0", 2_147_483_647, 300), sharing="CUSTOM VIRTUAL"),
    offer("MeshwaySolve", ("26.0", 400, 300), ("25.0", 60, 30), sharing="HOST USER VIRTUAL"),
    offer("MeshwayView", ("26.0", 140, None)),
    *several("MeshwayCFD MeshwayCrash MeshwayForm MeshwayMotion MeshwayActivate", "26.0", (30, 12, 2_147_483_647), 300),
)
SILIQA_WORDS = (
    "SQ_Synth SQ_Place SQ_Timing SQ_Power SQ_Layout SQ_Extract SQ_DRC SQ_LVS SQ_Analog SQ_Wave SQ_Lint SQ_CDC "
    "SQ_Formal SQ_Emul SQ_Char SQ_Mem SQ_IO SQ_Pkg SQ_SI SQ_EM SQ_Scan SQ_BIST SQ_Fill SQ_OPC SQ_RF SQ_Photon "
    "SQ_Verif_IP_USB SQ_Verif_IP_PCI SQ_Verif_IP_DDR SQ_Verif_IP_ETH SQ_Prototype SQ_Schematic SQ_Router SQ_Floorplan"
)
SILIQA = (
    offer("SQ_Sim", ("2026.06", 900, 158), ("2025.12", 200, 41)),
    offer("SQ_Regress", ("2026.06", 700, 158), reserved=(("GROUP", "tapeout", 40),)),
    *several(SILIQA_WORDS, "2026.06", (40, 25, 60, 12, 8), 158),
)
CALCADE_WORDS = (
    "Optimize Statistics Signal Control Image Symbolic Finance Fuzzy Neural Wavelet Mapping Database Parallel Compiler "
    "Coder Fixed_Point State_Chart Vehicle Aero Robot Radar Antenna Sensor_Fusion Identification Report Test"
)
CALCADE = (
    offer("CALCADE", ("53", 320, 57), ("12", 5, None), reserved=(("GROUP", "lab", 3),), note="vi=0:at=276:lu=300:"),
    offer("CALCADE_BLOCKS", ("53", 140, 57)),
    *several(" ".join(f"{word}_Kit" for word in CALCADE_WORDS.split()), "53", (20, 10, 5, 35), 57),
    offer("CALCADE_Runtime", ("1.0", None, None), kind=Kind.UNCOUNTED),
    offer("CALCADE_Teach", ("53", 12, 57), kind=Kind.NODE_LOCKED),
)

SERVERS = (
    ServerOffer("PL", "flexnet", ("pl",), 27000, "krakow", "Europe/Warsaw", "11.18.2", {"winfloat": xf(25)}),
    ServerOffer("US", "flexnet", ("us",), 27000, "detroit", "America/Detroit", "11.18.2", {"winfloat": xf(40)}),
    ServerOffer("DK", "flexnet", ("dk",), 27000, "krakow", "Europe/Copenhagen", "11.16.4", {"winfloat": xf(15)}),
    ServerOffer("krk-cad", "flexnet", ("krk-lic1",), 27001, "krakow", "Europe/Warsaw", "11.19.5", {"formad": FORMA}),
    ServerOffer("krk-sim", "flexnet", ("krk-lic2",), 27010, "krakow", "Europe/Warsaw", "11.19.6", {"struxd": STRUX}),
    ServerOffer("krk-mesh", "lmx", ("krk-lmx1",), 6200, "krakow", "Europe/Warsaw", "5.5.2", {"MESHWAY": MESHWAY}, 23.3),
    ServerOffer("dtw-cad", "flexnet", ("dtw-lic1", "dtw-lic2", "dtw-lic3"), 27001, "detroit", "America/Detroit",
                "11.19.5", {"formad": FORMA, "plotworx": several("PLOTWORX PLOTWORX_3D", "7.2", (30, 10), 120)}),
    ServerOffer("dtw-sim", "flexnet", ("dtw-lic4",), 27010, "detroit", "America/Detroit", "11.19.6", {"struxd": STRUX}),
    ServerOffer("dtw-mesh", "lmx", ("dtw-lmx1",), 6200, "detroit", "America/Detroit", "5.4.1", {"MESHWAY": MESHWAY},
                71),
    ServerOffer("pnq-eda", "flexnet", ("pnq-lic1",), 5280, "pune", "Asia/Kolkata", "11.19.4", {"siliqad": SILIQA}, 12),
    ServerOffer("pnq-math", "flexnet", ("pnq-lic2",), 27004, "pune", "Asia/Kolkata", "11.19.6", {"CALCD": CALCADE}, 5,
                prints_pid=True),
    ServerOffer("pnq-mesh", "lmx", ("pnq-lmx1",), 6200, "pune", "Asia/Kolkata", "5.5.2", {"MESHWAY": MESHWAY}, 9),
)  # fmt: skip
GROUPS = {
    "XF": ("PL", "US", "DK"),
    "CAD worldwide": ("krk-cad", "dtw-cad"),
    "Mesh worldwide": ("krk-mesh", "dtw-mesh", "pnq-mesh"),
}
