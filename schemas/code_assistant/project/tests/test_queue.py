"""tests/test_queue.py: the life of a job, with a clock that the test moves."""

import unittest

from spool import LeaseLost, Queue, State, Store, Worker
from spool.queue import LEASE_SECONDS, MAX_ATTEMPTS


class QueueTest(unittest.TestCase):
    def setUp(self):
        self.now = 1000.0
        self.store = Store(":memory:")
        self.addCleanup(self.store.close)
        self.queue = Queue(self.store, clock=lambda: self.now)

    def test_jobs_come_in_the_order_in_which_they_are_due(self):
        late = self.queue.put("a", {}, run_in=10)
        early = self.queue.put("b", {"n": 1})
        self.assertEqual(self.queue.claim("w").id, early)
        self.assertIsNone(self.queue.claim("w"))
        self.now += 10
        self.assertEqual(self.queue.claim("w").id, late)

    def test_job_of_a_dead_worker_is_claimed_again(self):
        self.queue.put("a", {})
        first = self.queue.claim("w1")
        self.now += LEASE_SECONDS + 1
        second = self.queue.claim("w2")
        self.assertEqual((second.id, second.attempts), (first.id, 2))
        with self.assertRaises(LeaseLost):
            self.queue.complete(first)
        self.queue.complete(second)
        self.assertEqual(self.queue.stats()["done"], 1)

    def test_extend_keeps_the_lease(self):
        self.queue.put("a", {})
        job = self.queue.claim("w1")
        self.now += LEASE_SECONDS - 1
        self.queue.extend(job)
        self.now += LEASE_SECONDS - 1
        self.assertIsNone(self.queue.claim("w2"))

    def test_job_dies_after_the_last_attempt_and_can_be_revived(self):
        self.queue.put("a", {})
        for attempt in range(1, MAX_ATTEMPTS + 1):
            state = self.queue.fail(self.queue.claim("w"), "boom")
            self.assertEqual(state, State.DEAD if attempt == MAX_ATTEMPTS else State.READY)
            self.now += 1000
        self.assertIsNone(self.queue.claim("w"))
        self.assertEqual(self.queue.retry_dead(), 1)
        self.assertEqual(self.queue.claim("w").attempts, 1)

    def test_worker_reports_a_handler_that_raises(self):
        worker = Worker(self.queue, name="w")
        worker.register("bad", lambda payload: payload["missing"])
        self.queue.put("bad", {})
        with self.assertLogs("spool.worker", "WARNING"):
            self.assertTrue(worker.run_once())
        self.assertFalse(worker.run_once())
        self.assertEqual(self.queue.stats()["ready"], 1)


if __name__ == "__main__":
    unittest.main()
