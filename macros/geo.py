"""Distances on the globe, as SQL expressions over columns of degrees."""

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""


def great_circle_km(
    from_latitude: str, from_longitude: str, to_latitude: str, to_longitude: str
) -> str:
    """Kilometres between two points, by the haversine formula on a sphere.

    Within 0.6 % of the distance on the ellipsoid, and exact for near points, where the cosine
    formula loses its digits.
    """
    return f"""
        2 * {EARTH_RADIUS_KM} * asin(sqrt(
            pow(sin(radians({to_latitude} - {from_latitude}) / 2), 2)
            + cos(radians({from_latitude})) * cos(radians({to_latitude}))
            * pow(sin(radians({to_longitude} - {from_longitude}) / 2), 2)
        ))
    """
