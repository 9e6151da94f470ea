"""Answers kept by their ETag, so that an unchanged one costs the vendor's quota nothing.

Not here: answers used without asking (memory).
"""

from collections import OrderedDict

from incident_response.adapters.http.answers import Answer

LONGEST_KEPT = 262_144
"""Bytes of an answer that is worth keeping: with the capacity, this bounds the memory used."""


class Etags:
    """The last answer per address that carried an ETag; at most ``capacity``, the latest used."""

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[str, Answer] = OrderedDict()

    def condition(self, url: str) -> dict[str, str]:
        """Headers that ask for the answer only if it changed."""
        known = self._answers.get(url)
        return {} if known is None else {"If-None-Match": known.headers["ETag"]}

    def resolve(self, url: str, answer: Answer) -> Answer:
        """The full answer to a request that carried ``condition``: the kept one for a 304."""
        if answer.status == 304 and url in self._answers:
            self._answers.move_to_end(url)
            return self._answers[url]
        is_small = len(answer.body) <= LONGEST_KEPT
        if answer.status == 200 and is_small and "ETag" in answer.headers:
            self._answers[url] = answer
            self._answers.move_to_end(url)
            if len(self._answers) > self._capacity:
                self._answers.popitem(last=False)
        return answer
