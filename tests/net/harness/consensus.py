# What a consensus says about time: voting intervals, shared random values, and the half of the "day" it is.

import base64
import calendar
import re
import time
from dataclasses import dataclass
from typing import Optional

# What to ask tor for (GETINFO) to get its consensus.
CONSENSUS = 'dir/status-vote/current/consensus-microdesc'

# A shared random run is this many voting intervals (srv-spec), and on a testing network a time period too.
ROUNDS = 24

STAMP = '%Y-%m-%d %H:%M:%S'  # a time as a consensus has it

AFTER_SRV = 'after-srv'
AFTER_TIME_PERIOD = 'after-time-period'


@dataclass
class ConsensusTimes:
    """The times (Unix seconds) and shared random values (base64, None if missing) of one consensus."""
    valid_after: int
    fresh_until: int
    valid_until: int
    srv_current: Optional[str]
    srv_previous: Optional[str]

    @property
    def voting_interval(self):
        return self.fresh_until - self.valid_after

    @property
    def run_length(self):
        """Seconds of one shared random run, and of one time period on a testing network."""
        return ROUNDS * self.voting_interval

    @property
    def period_length(self):
        """Minutes of a time period on a testing network."""
        return self.run_length // 60

    @property
    def first_period(self):
        """The number of the time period of a service's first descriptor; its second one is of the next."""
        running = (self.valid_after // 60 - ROUNDS // 2 * self.voting_interval // 60) // self.period_length
        return running if self.phase_name == AFTER_SRV else running - 1

    @property
    def phase_name(self):
        return phase_at(self.valid_after, self.voting_interval).name


@dataclass
class Phase:
    """Half a day: 'after-srv' is from a new shared random value to the next time period ("00:00 to 12:00":
    clients use the first descriptor), 'after-time-period' the rest (they use the second)."""
    name: str
    began: int
    ends: int

    @property
    def seconds_left(self):
        return self.ends - time.time()


def phase_at(moment, interval):
    """The phase that a consensus with this valid-after is in."""
    half = ROUNDS * interval // 2
    began = int(moment) // half * half
    name = AFTER_SRV if began // half % 2 == 0 else AFTER_TIME_PERIOD
    return Phase(name, began, began + half)


def parse_times(consensus):
    """The ConsensusTimes of a consensus document."""
    def moment(keyword):
        text = re.search(rf'^{keyword} (.*)$', consensus, re.M).group(1)
        return calendar.timegm(time.strptime(text, STAMP))

    def value(which):
        found = re.search(rf'^shared-rand-{which}-value \d+ (\S+)$', consensus, re.M)
        return found and found.group(1)

    return ConsensusTimes(moment('valid-after'), moment('fresh-until'), moment('valid-until'),
                          value('current'), value('previous'))


def with_times(consensus, valid_after, interval):
    """A consensus document with other times (Unix seconds), as if there were one every so many seconds."""
    for keyword, moment in (('valid-after', valid_after), ('fresh-until', valid_after + interval),
                            ('valid-until', valid_after + 3 * interval)):
        stamp = time.strftime(STAMP, time.gmtime(moment))
        consensus, count = re.subn(rf'^{keyword} .*$', f'{keyword} {stamp}', consensus, count=1, flags=re.M)
        assert count == 1, f'a consensus without {keyword}'
    return consensus


def relay_ports(consensus):
    """The ports of 127.0.0.1 at which the relays of a private network are reached, sorted."""
    found = re.findall(r'^r \S+ \S+ \S+ \S+ 127\.0\.0\.1 (\d+) (\d+)$', consensus, re.M)
    return sorted({int(port) for ports in found for port in ports} - {0})


def hsdir_fingerprints(consensus):
    """The fingerprints of the relays with the HSDir flag."""
    found = []
    for identity, flags in re.findall(r'^r \S+ (\S+) .*?^s (.*?)$', consensus, re.M | re.S):
        if 'HSDir' in flags.split():
            found.append(base64.b64decode(identity + '=').hex().upper())
    return found
