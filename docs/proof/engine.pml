/* SPDX-License-Identifier: Apache-2.0
 *
 * The form `engine`: the manual resume of the engine's own health checks. There is no clock: every order of steps is tried.
 *
 * One thread decides. What it decides is a batch of the journal, whole or not at all; when that is durable, the DNS workers (the
 * edges of edges.pml) are given the new status, and callers their reply (docs/decisions/0001). The engine may be killed between
 * any two steps and begins again with what the journal has. A failover and its latch are one batch. A reset names the version of
 * the check that its caller has seen, and may arrive twice. Edits, disabling and restarts release nothing.
 *
 * thorough run safe: safety holds: whatever is killed, sent twice, edited or disabled
 * run possible: -DREACH safety reached: failover, switch back, Primary, and the next failover: that is no empty promise
 * run liveness: liveness holds: whatever is killed, sent twice, edited or disabled: the sentence; and after a switch back Primary serves, in an outage that lasts Backup does
 * run two-batches: -DTWO_BATCHES safety sentence: the latch in a batch of its own
 * run answers-first: -DANSWERS_FIRST safety sentence: DNS is told before the batch is durable
 * run latch-in-memory: -DLATCH_IN_MEMORY safety sentence: the latch is not in the journal
 * run no-version: -DNO_VERSION safety sentence: a reset that arrives again releases the next latch
 * run edits-release: -DEDITS_RELEASE safety sentence: an edit begins without a latch
 * run disabling-releases: -DDISABLING_RELEASES safety sentence: a disabled check is healthy, latched or not
 * run both-fail: -DSECONDARY_CHECKED -DBACKUP_FAILS safety sentence: SECONDARY with a health check
 */
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef EDITS
#define EDITS 2
#endif
#define OPINIONS 3               /* checkers: the check is healthy while one thinks so */

bit running = 1;                 /* the process */
#define edge_is_up running

#include "edges.pml"

mtype = { IDLE, COMMIT, PUBLISH, LATCH };
mtype doing = IDLE;              /* the control thread */

bit well = 1;
byte good = OPINIONS;            /* how many checkers find Primary healthy */
bit healthy_now = 1, latched, disabled;                 /* in memory */
bit stored_healthy = 1, stored_latched, stored_disabled; /* in the journal */
bit new_version, by_person;      /* the batch under way raises the version; it is a person's switch back */
bit request, request_is_old, copy, copy_is_old;          /* resets on their way, and whether the check has a newer version */
byte crashes = CRASHES, edits = EDITS;

#ifdef NO_VERSION
#define may_apply(is_old) true
#else
#define may_apply(is_old) (!(is_old))
#endif
#define opinion (disabled || good > 0)

/* A health check that is latched is unhealthy, whatever its checkers or its settings say. */
#ifdef DISABLING_RELEASES
#define verdict (disabled || (good > 0 && !latched))
#else
#define verdict (opinion && !latched)
#endif

proctype Primary()
{
  do
  :: atomic {
       well = !well;
       primary_owed = 0;
       backup_owed = !well && !disabled && (names_primary(0) || names_primary(1));
       printf("@ Primary %e\n", (well -> recovers : fails))
     }
  od
}

proctype Checkers()
{
  do
  :: atomic { running && well && good < OPINIONS -> good++; printf("@ %d checkers find Primary healthy\n", good) }
  :: atomic { running && !well && good > 0 -> good--; printf("@ %d checkers find Primary healthy\n", good) }
  od
}

inline begin(raises, person)
{
  new_version = raises;
  by_person = person;
#ifdef ANSWERS_FIRST
  doing = PUBLISH
#else
  doing = COMMIT
#endif
}

inline reset(is_old)
{
  if
  :: may_apply(is_old) && latched ->
     latched = 0;
     printf("@ the engine resets the latch\n");
     begin(1, !is_old)
  :: else -> printf("@ the engine refuses a reset: not this version, or nothing to reset\n")
  fi
}

proctype Control()
{
  do
  :: atomic {  /* a verdict of the checkers */
       running && doing == IDLE && healthy_now != verdict ->
       healthy_now = verdict;
       if
       :: !healthy_now ->
#ifdef TWO_BATCHES
          skip
#else
          latched = 1
#endif
       :: else
       fi;
       begin(1, 0)
     }
  :: atomic {
       running && doing == COMMIT ->
       printf("@ a batch is durable: %e\n", (healthy_now -> healthy : unhealthy));
       stored_healthy = healthy_now;
       stored_disabled = disabled;
#ifdef LATCH_IN_MEMORY
       skip;
#else
       stored_latched = latched;
#endif
       if
       :: new_version -> request_is_old = 1; copy_is_old = 1
       :: else
       fi;
       if
       :: by_person -> person_switched_back(); primary_owed = well; printf("@ a person has switched back\n")
       :: else
       fi;
       new_version = 0;
       by_person = 0;
#ifdef ANSWERS_FIRST
       doing = IDLE
#else
       doing = PUBLISH
#endif
     }
  :: atomic {
       running && doing == PUBLISH ->
       find(healthy_now);
#ifdef ANSWERS_FIRST
       doing = COMMIT
#elif defined(TWO_BATCHES)
       doing = (!healthy_now && !latched && !by_person -> LATCH : IDLE)
#else
       doing = IDLE
#endif
     }
#ifdef TWO_BATCHES
  :: atomic { running && doing == LATCH -> latched = 1; doing = COMMIT }
#endif
  :: atomic { running && doing == IDLE && request -> request = 0; reset(request_is_old) }
  :: atomic { running && doing == IDLE && copy -> copy = 0; reset(copy_is_old) }
  :: atomic {  /* Terraform, the console: settings change, and the version */
       running && doing == IDLE && edits > 0 ->
       edits--;
       disabled = !disabled;
       backup_owed = !well && !disabled && (names_primary(0) || names_primary(1));
       printf("@ somebody edits the check: disabled is %d\n", disabled);
#ifdef EDITS_RELEASE
       latched = 0;
#endif
       begin(1, 0)
     }
  :: atomic { running && doing == IDLE && !latched -> latched = 1; primary_owed = 0; printf("@ a person trips\n"); begin(1, 0) }
  od
}

/* Sees a latch, and resets it, at a good moment or not; the network or a client may send that twice. */
proctype Operator()
{
  do
  :: atomic {
       running && doing == IDLE && latched && !request ->
       request = 1;
       request_is_old = 0;
       if
       :: !copy -> copy = 1; copy_is_old = 0
       :: true
       fi
     }
  od
}

proctype Killer()
{
  byte e;
  do
  :: atomic {
       running && crashes > 0 ->
       crashes--;
       running = 0;
       doing = IDLE;
       new_version = 0;
       by_person = 0;
       printf("@ the engine is killed\n")
     }
  :: atomic {
       !running ->
       running = 1;
       healthy_now = stored_healthy;
       latched = stored_latched;
       disabled = stored_disabled;
       good = (stored_healthy -> OPINIONS : 0);
       status = stored_healthy;
       backup_owed = !well && !disabled;
       printf("@ the engine begins again: %e\n", (status -> healthy : unhealthy));
       do
       :: e < EDGES -> learn(e); e++
       :: else -> break
       od;
       e = 0
     }
  od
}

init {
  atomic {
    run Primary();
    run Checkers();
    run Edge(0);
    run Edge(1);
    run Control();
    run Operator();
    run Killer();
    run_backup;
    run_reached
  }
}

ltl liveness { ([]<> !primary_owed) && ([]<> !backup_owed) }
