/* SPDX-License-Identifier: Apache-2.0
 *
 * What `fast` and `strict` share (they include it): PRIMARY follows R, and R is unhealthy only where a watcher has noted a
 * revocation. The failover is the latch, and unreachability is never one. A tick is a minute.
 *
 *   R = N of both Regions and P of both Regions (strict: P alone)
 *   a Region: a watcher (a function) with an item {revoked, release} under conditional writes, which Route 53's probes of its URL
 *      call every few seconds. It revokes when it sees Backup at E's sentinel, or at R's once that has named Primary since the last release
 *   N: the URL answers 200 when revoked; Inverted, so unhealthy then. What does not answer is healthy, after a minute or so
 *   P: CLOUDWATCH_METRIC, Inverted, LastKnownStatus, over permits that the watcher publishes for this minute and AHEAD more, after a
 *      consistent read: a minute's lowest counts, and the newest PERIODS minutes that have data must all be 1
 *
 * A Region that is cut off is not called, publishes nothing, and nobody sees it. What an invocation has read may be published up
 * to LATE ticks later. Of the data only this is kept: how many minutes from now on have a 0, how many have a 1 or a 0 at all, and
 * how many of the newest complete ones are 1 one after the other. Minutes without data are passed over, which is the worst case.
 */
#ifndef PERIODS
#define PERIODS 3
#endif
#ifndef AHEAD
#define AHEAD 1                  /* fifteen on AWS: the more, the longer it lives without its publisher */
#endif
#ifndef LATE
#define LATE 1                   /* the function's time limit */
#endif
#ifndef LATES
#define LATES 1                  /* invocations that take so long */
#endif
#define EDGE_TICKS 0             /* seconds, of a minute */
#include "edges.pml"

mtype = { NOTHING, ONE, ZERO };

bit well = 1;                    /* E, as its sentinel shows it */
bit revoked[2], n[2] = 1, p[2] = 1;
bit armed[2] = 1;                /* R's sentinel has named Primary since the last release, as this Region has seen it */
bit cut[2], long_cut[2];         /* for a tick */
bit about_to[2], too_old[2];     /* to revoke; a release came after what it has read */
bit since_a_tick[2];             /* ... since the tick before */
byte zeros[2], points[2] = AHEAD + 1;  /* minutes from this one on */
byte ones[2] = PERIODS;          /* complete minutes */
mtype held_up[2] = NOTHING;         /* an invocation that has read, and will publish that */
byte held_for[2];
byte lates = LATES;
bit half_released, just_back;

#ifdef WITH_N
#define r_should_be (n[0] && n[1] && p[0] && p[1])
#define n_should_be(r) (cut[r] -> (n[r] || long_cut[r]) : !revoked[r])
#define n_shows(r) (!n[r] || !revoked[r])
#else
#define r_should_be (p[0] && p[1])
#define n_should_be(r) (n[r])
#define n_shows(r) true
#endif
#ifdef BOTH_CUT
#define may_cut(r) true
#define may_be_back(r) true
#else                            /* one at a time, for a minute at least, and a minute between two */
#define may_cut(r) (!cut[1 - r] && !just_back)
#define may_be_back(r) long_cut[r]
#endif
#define r_says_backup (!names_primary(0) || !names_primary(1))
#define sees_backup(r) (!well || (armed[r] && r_says_backup))
#define has_published(r) (revoked[r] -> zeros[r] == AHEAD + 1 : points[r] == AHEAD + 1)
#define p_should_be(r) (ones[r] == PERIODS)
#ifdef WITH_N                    /* what a watcher has begun it writes within the minute; of strict, within the next one too */
#define has_written(r) (!about_to[r])
#else
#define has_written(r) (!about_to[r] || !since_a_tick[r])
#endif
#define has_looked(r) (has_written(r) && (cut[r] || ((revoked[r] || about_to[r] || !sees_backup(r)) && (armed[r] || revoked[r] || r_says_backup))))
#define region_may_wait(r) (n[r] == n_should_be(r) && p[r] == p_should_be(r) && has_looked(r) && (cut[r] || has_published(r)))

proctype E()
{
  do
  :: atomic {
#ifdef WITH_N                    /* E's status lasts until a watcher that is called has seen it */
       has_looked(0) && has_looked(1) ->
#endif
       well = !well;
       primary_owed = 0;
       backup_owed = !well && (names_primary(0) || names_primary(1));
       printf("@ E is %e\n", (well -> healthy : unhealthy))
     }
  od
}

inline publish(r, zero)
{
  points[r] = AHEAD + 1;
  zeros[r] = (zero -> AHEAD + 1 : zeros[r])
}

proctype Watcher(byte r)
{
  do
  :: atomic { !cut[r] && !revoked[r] && !about_to[r] && sees_backup(r) -> about_to[r] = 1; too_old[r] = 0 }
  :: atomic {  /* the conditional write */
       about_to[r] ->
       about_to[r] = 0;
       since_a_tick[r] = 0;
       if
#ifdef NO_CONDITION
       :: true ->
#else
       :: too_old[r] -> printf("@ region %d does not revoke: a release came first\n", r + 1)
       :: !too_old[r] ->
#endif
          assert(!primary_owed);
          revoked[r] = 1;
          printf("@ region %d revokes\n", r + 1)
       fi;
       too_old[r] = 0
     }
  :: atomic { !cut[r] && !armed[r] && !revoked[r] && !r_says_backup -> armed[r] = 1 }
  :: atomic {
       !cut[r] && !has_published(r) ->
       publish(r, revoked[r]);
       printf("@ region %d publishes %d\n", r + 1, !revoked[r])
#if LATES > 0
       ;
       if
       :: lates > 0 && held_up[r] == NOTHING -> lates--; held_up[r] = (revoked[r] -> ZERO : ONE); held_for[r] = 0
       :: true
       fi
#endif
     }
#if LATES > 0
  :: atomic {
       held_up[r] != NOTHING ->
       publish(r, held_up[r] == ZERO);
       printf("@ region %d publishes %d, late\n", r + 1, held_up[r] == ONE);
       held_up[r] = NOTHING;
       held_for[r] = 0
     }
#endif
  od
}

/* R and its children. */
proctype Checks(byte r)
{
  do
  :: atomic {
       if
#ifdef WITH_N
       :: n[r] != n_should_be(r) -> n[r] = !n[r]; printf("@ N%d is %e\n", r + 1, (n[r] -> healthy : unhealthy))
#endif
       :: p[r] != p_should_be(r) -> p[r] = !p[r]; printf("@ P%d is %e\n", r + 1, (p[r] -> healthy : unhealthy))
       fi;
       find(r_should_be)
     }
  od
}

inline release(r)
{
  revoked[r] = 0;
  armed[r] = 0;
  too_old[r] = about_to[r]
}

/* A switch back waits until all that was revoked shows, with its newest minute: a 0 that is still on its way would look like a failover
 * of its own, after the switch back. */
#ifdef EARLY
#define has_settled(r) (!cut[r])
#else
#define has_settled(r) (!cut[r] && ((!revoked[r] && zeros[r] == 0) || \
  (!p[r] && ones[r] == 0 && n_shows(r) && !names_primary(0) && !names_primary(1))))
#endif

/* n -> n + 1 in one Region and then in the other. Where the first has seen Primary meanwhile, it comes once more: else what the
 * second still shows looks like a failover to it. */
proctype Operator()
{
  do
  :: atomic {
       !half_released && (revoked[0] || revoked[1]) && !names_primary(0) && !names_primary(1) && has_settled(0) && has_settled(1) ->
       half_released = 1;
       release(0);
       person_switched_back();
       printf("@ a person switches back: region 1\n")
     }
  :: atomic { half_released && armed[0] && has_settled(0) -> release(0); person_switched_back(); printf("@ a person switches back: region 1 again\n") }
  :: atomic {
       half_released && !armed[0] && has_settled(1) ->
       half_released = 0;
       release(1);
       person_switched_back();
       primary_owed = well && !revoked[0] && (!about_to[0] || too_old[0]);
       printf("@ ... and region 2\n")
     }
  od
}

#ifndef NO_CUTS
proctype Nature()
{
  do
  :: atomic { !cut[0] && may_cut(0) -> cut[0] = 1; printf("@ region 1 is cut off\n") }
  :: atomic { !cut[1] && may_cut(1) -> cut[1] = 1; printf("@ region 2 is cut off\n") }
  :: atomic { cut[0] && may_be_back(0) -> cut[0] = 0; long_cut[0] = 0; just_back = 1; printf("@ region 1 is back\n") }
  :: atomic { cut[1] && may_be_back(1) -> cut[1] = 0; long_cut[1] = 0; just_back = 1; printf("@ region 2 is back\n") }
  od
}
#endif

/* A minute is complete: its lowest counts, and one without data not at all. */
inline region_tick(r)
{
  long_cut[r] = cut[r];
  since_a_tick[r] = about_to[r];
  if
  :: zeros[r] > 0 -> zeros[r]--; ones[r] = 0
  :: zeros[r] == 0 && points[r] > 0 && ones[r] < PERIODS -> ones[r]++
  :: else
  fi;
  points[r] = (points[r] > 0 -> points[r] - 1 : 0);
#ifdef UNKNOWN_IS_HEALTHY
  ones[r] = (points[r] == 0 -> PERIODS : ones[r]);
#endif
#if LATES > 0
  ;
  if
  :: held_up[r] != NOTHING && held_for[r] == LATE -> held_up[r] = NOTHING; held_for[r] = 0
  :: held_up[r] != NOTHING && held_for[r] < LATE -> held_for[r]++
  :: else
  fi
#endif
}

proctype Clock()
{
  do
  :: atomic {
       edges_may_wait && region_may_wait(0) && region_may_wait(1) ->
       d_step {
         printf("@tick\n");
         edges_tick();
         just_back = 0;
         region_tick(0);
         region_tick(1)
       }
     }
  od
}

init {
  atomic {
    run E();
    run Watcher(0);
    run Watcher(1);
    run Checks(0);
    run Checks(1);
    run Edge(0);
    run Edge(1);
    run Operator();
#ifndef NO_CUTS
    run Nature();
#endif
    run_backup;
    run_reached;
    run Clock()
  }
}

ltl liveness { ([]<> !primary_owed) && ([]<> !backup_owed) }
