"""The look of pictures: descriptions, composition, style, objects, correspondences, plausibility."""

from __future__ import annotations

from dino_analytics.look.assessing import PlausibilityHandlers
from dino_analytics.look.corresponding import CorrespondenceHandlers
from dino_analytics.look.descriptions import Descriptions
from dino_analytics.look.discovering import DiscoveryHandlers
from dino_analytics.look.eyes import Eyes
from dino_analytics.look.seeing import SeeingHandlers
from dino_analytics.look.styling import StyleHandlers
from dino_analytics.parts import Group, Parts
from dino_common.look.people import PeopleWatch
from dino_common.stores.descriptions import DescriptionStore


def group(parts: Parts) -> Group:
    """Return the handlers."""
    eyes = Eyes(parts.dense, PeopleWatch(parts.runtime.bus, parts.settings.face_detector))
    descriptions = Descriptions(DescriptionStore(parts.mongo), parts.assets, eyes, parts.runtime.events)
    parts.runtime.after_start.append(descriptions.start)
    parts.runtime.closers += [descriptions.stop, eyes.close]
    seeing = SeeingHandlers(eyes, descriptions)
    return Group(
        {
            "describe-visuals": seeing.describe,
            "analyze-composition": seeing.compose,
            "match-style": StyleHandlers(eyes, descriptions).match,
            "discover-objects": DiscoveryHandlers(eyes).discover,
            "find-correspondences": CorrespondenceHandlers(eyes).find,
            "assess-plausibility": PlausibilityHandlers(eyes).assess,
        }
    )
