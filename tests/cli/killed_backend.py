"""An obpub with stand-ins for tors, of two backends of which one is killed."""
import contextlib

import checks
import standin_tor
from publisher import Publisher, instance


@contextlib.contextmanager
def lose_backend(folder, *options):
    """Has obpub, with these options, publish the backends "stays" and "dies" until the second one's tor is ended and that is
    out; gives the Publisher."""
    keys = {name: checks.Key() for name in ("stays", "dies")}
    answers = {name: {**standin_tor.own_answers(key, standin_tor.make_descriptor(key)), "uptime": "1000"}
               for name, key in keys.items()}
    with standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100")), \
            standin_tor.Tor(folder / "stays", answers["stays"]):
        with standin_tor.MortalTor(folder / "dies", answers["dies"]):
            publisher = Publisher(folder, [instance(name, key, folder / name) for name, key in keys.items()], *options)
            checks.check("both backends are published", publisher.wait(lambda service: service["isPublished"], 60))
        checks.check("one is out", publisher.wait(
            lambda service: [each["state"] for each in service["instances"]] == ["live", "out"], 60))
        yield publisher
