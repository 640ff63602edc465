/* SPDX-License-Identifier: Apache-2.0
 *
 * The form `hardened`: PRIMARY follows the endpoint's check with threshold 3, so that an outage that fails over keeps the check
 * unhealthy for a while (the checkers' counts make that here; nothing says it). In that while a relay, which Route 53's own probes
 * clock, sees Backup at the zone's servers twice and latches the check, with the version that it read. A tick is 10 s.
 *
 * The record beside the check: RELEASED by a person, ARMED when all servers have named Primary since, HELD when latched.
 * The relay remembers nothing from one look to the next, and may crash between any two steps.
 *
 * tick 10 s
 * thorough run safe: safety holds: under A1 to A9
 * thorough run safe-with-trips: -DTRIP -DCHECKERS=2 safety holds: and a person trips
 * thorough run safe-in-full: -DTRIP safety holds: three checkers, and trips
 * run possible: -DREACH safety reached: failover, switch back, Primary, and the next failover: that is no empty promise
 * run liveness: -DCHECKERS=2 -DTRIP liveness holds: under A1 to A9, trips too, the sentence; and after a switch back Primary serves, in an outage that lasts Backup does
 * run threshold-1: -DTHRESHOLD=1 safety sentence: without the threshold nothing keeps the check unhealthy
 * thorough run threshold-2: -DTHRESHOLD=2 safety sentence: nor long enough with 2
 * run dead-relay: -DRELAY_DIES safety sentence: without the relay it is the guide (A6)
 * run slow-relay: -DRELAY_TICKS=4 safety sentence: a relay that takes 40 s (A6)
 * thorough run slow-edges: -DEDGE_TICKS=4 safety sentence: servers that learn 40 s late (A3)
 * thorough run slow-checkers: -DLAG=5 safety sentence: checkers that learn of the latch 50 s late (A5)
 * run flapping: -DLASTING=3 safety sentence: a Primary that comes and goes by half minutes: some checkers count its good moments (A1)
 * run disagree: -DDISAGREE -DCHECKERS=2 safety sentence: checkers that lose Primary one after the other (A1)
 * run no-version: -DNO_VERSION safety sentence: a switch back that arrives again releases the next latch
 * run no-reconcile: -DNO_RECONCILE safety sentence: a latch that Terraform took away is not set again
 * thorough run terraform-at-once: -DTERRAFORM_SOON safety sentence: Terraform in the latch's first minute (A8)
 * thorough run terraform-reset: -DTERRAFORM_SOON -DCOUNTERS_RESET safety sentence: also where a changed path begins the checkers' counts anew
 * thorough run slow-trip: -DTRIP -DCHECKERS=2 -DLAG=4 safety sentence: a trip, and checkers that learn of it later than they probe
 * run early: -DEARLY -DTRIP -DCHECKERS=2 safety sentence: a switch back before DNS has followed the latch (A7)
 * run both-fail: -DSECONDARY_CHECKED -DBACKUP_FAILS safety sentence: SECONDARY with a health check
 */
#ifndef CHECKERS
#define CHECKERS 3
#endif
#ifndef LASTING
#define LASTING 4                /* A1: Primary does not come and go within a probing interval */
#endif
#ifndef THRESHOLD
#define THRESHOLD 3
#endif
#ifndef LAG
#define LAG 2                    /* A5 */
#endif
#ifndef RELAY_TICKS
#define RELAY_TICKS 1            /* A6: with something to do it lets one tick pass, and has done it before the next */
#endif
#ifndef TERRAFORMS
#define TERRAFORMS 1
#endif
#define changed relay_is_old = 1; request_is_old = 1; copy_is_old = 1

bit relay_is_old, request_is_old, copy_is_old;  /* the check has changed since its version was read */

#include "edges.pml"
#include "checkers.pml"

mtype = { RELEASED, ARMED, HELD };
mtype record = ARMED;

bit request, copy;               /* a person's switch back on its way to Route 53; and once more */
bit seen_once, to_latch, relay_dead;
byte relay_age, terraforms = TERRAFORMS;

/* A7: switch-back first waits until every server names Backup: else what the latch still does looks like a new failover. */
#ifdef EARLY
#define dns_has_followed true
#else
#define dns_has_followed (!names_primary(0) && !names_primary(1))
#endif
/* A8: Terraform does not run in a latch's first minute, before every checker has failed on the latched path. */
#ifdef TERRAFORM_SOON
#define checkers_have_seen_it true
#else
#define checkers_have_seen_it all_have_seen_the_latch
#endif
#define all_name_primary (names_primary(0) && names_primary(1))
#define relay_due (to_latch || seen_once || \
                   (record == RELEASED && !latched && all_name_primary) || \
                   (record == ARMED && (latched || !all_name_primary)) || \
                   (record == HELD && !latched && reconciles))
#define relay_may_wait (relay_dead || !relay_due || relay_age < RELAY_TICKS)
#ifdef NO_RECONCILE
#define reconciles false
#else
#define reconciles true
#endif

proctype Relay()
{
  do
  :: atomic {  /* it reads the check with its version, the record, and asks a server */
       !relay_dead && !seen_once && !to_latch && relay_due ->
       relay_is_old = 0;
       if
       :: record == RELEASED && !latched && all_name_primary -> record = ARMED; printf("@ the relay arms\n")
       :: record == ARMED && latched -> record = HELD; printf("@ the relay notes the latch\n")
       :: record == HELD && !latched && reconciles -> to_latch = 1
       :: record == ARMED && !latched && !all_name_primary -> seen_once = 1; printf("@ the relay sees Backup\n")
       fi
     }
  :: atomic {  /* a second later it asks again */
       !relay_dead && seen_once ->
       seen_once = 0;
       if
       :: !all_name_primary -> to_latch = 1; printf("@ the relay sees Backup again\n")
       :: else
       fi
     }
  :: atomic {  /* UpdateHealthCheck */
       !relay_dead && to_latch ->
       to_latch = 0;
       if
#ifdef NO_VERSION
       :: true ->
#else
       :: relay_is_old -> printf("@ the relay: the check has changed, look again\n")
       :: !relay_is_old ->
#endif
          latch_it();
          printf("@ the relay latches the check\n")
       fi
     }
  :: atomic { !relay_dead && (seen_once || to_latch) -> seen_once = 0; to_latch = 0; printf("@ the relay crashes\n") }
#ifdef RELAY_DIES
  :: atomic { !relay_dead -> relay_dead = 1; seen_once = 0; to_latch = 0; printf("@ the relay is dead\n") }
#endif
  od
}

proctype Operator()
{
  do
  :: atomic {  /* sees the latch, at a good moment or not, and writes the record */
       record == HELD && latched && !request && dns_has_followed ->
       record = RELEASED;
       request = 1;
       request_is_old = 0;
       if
       :: !copy -> copy = 1; copy_is_old = 0
       :: true
       fi;
       person_switched_back();
       primary_owed = well;
       printf("@ a person switches back\n")
     }
  :: atomic {
       request ->
       request = 0;
       if
       :: !request_is_old -> store(0); printf("@ the check has its own path again\n")
       :: else -> printf("@ a switch back is refused: the check has changed\n")
       fi
     }
#ifdef TRIP
  :: atomic { record == ARMED && !latched && !request -> store(1); primary_owed = 0; printf("@ a person trips\n") }
#endif
  :: atomic {  /* the same request, which the network or a client sent once more */
       copy ->
       copy = 0;
       if
#ifdef NO_VERSION
       :: true -> store(0); printf("@ a copy of the switch back comes late\n")
#else
       :: !copy_is_old -> store(0); printf("@ a copy of the switch back comes first\n")
       :: else
#endif
       fi;
       copy_is_old = 0
     }
  od
}

#if TERRAFORMS > 0
proctype Terraform()
{
  do
  :: atomic { latched && terraforms > 0 && checkers_have_seen_it -> terraforms--; store(0); printf("@ Terraform puts the path back\n") }
  od
}
#endif

proctype Clock()
{
  do
  :: atomic {
       edges_may_wait && probes_may_wait && relay_may_wait && !request ->
       d_step {
         printf("@tick\n");
         edges_tick();
         checkers_tick();
         site_tick;
         relay_age = (relay_due -> relay_age + 1 : 0)
       }
     }
  od
}

init {
  byte phase;
  atomic {
    checkers_begin();
    run Primary();
    run Edge(0);
    run Edge(1);
    run Relay();
    run Operator();
#if TERRAFORMS > 0
    run Terraform();
#endif
    run_backup;
    run_reached;
    run Clock()
  }
}

ltl liveness { ([]<> !primary_owed) && ([]<> !backup_owed) }
