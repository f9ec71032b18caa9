# Publishes what he likes under an address whose key he has stolen, with a revision counter above all that clocks make:
# HSDirs then refuse what the owner publishes in the same time period.

import curve

from descriptor import Keypair, Maker

TOP_COUNTER = 2 ** 63


def make_descriptor(seed, period, period_length, now, counter=TOP_COUNTER, points=3):
    """The text of a descriptor under the key of that seed for a time period (minutes long), with introduction points of
    the thief's own."""
    maker = Maker(Keypair(*curve.expand(seed)), period, period_length, now, points=points)
    maker.counter = counter
    return maker.text()


def publish(controller, address, hsdirs, text):
    """Have a tor (a stem Controller) upload a descriptor to these HSDirs."""
    servers = ' '.join(f'SERVER={hsdir}' for hsdir in hsdirs)
    reply = controller.msg(f'HSPOST {servers} HSADDRESS={address}\n{text.rstrip()}')
    assert reply.is_ok(), str(reply)
