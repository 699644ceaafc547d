"""What several files of tests stand on."""
import pytest


@pytest.fixture
def start():
    """start(make) keeps what make() gives, and stops it when the test is over, the last one first."""
    guests = []

    def begin(make):
        guests.append(make())
        return guests[-1]

    yield begin
    for g in reversed(guests):
        g.stop()
