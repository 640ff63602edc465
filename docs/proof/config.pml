/* SPDX-License-Identifier: Apache-2.0
 *
 * The form `config`: a latch by configuration alone. A tick is a minute.
 *
 *   E (the endpoint's check; it may say anything at any time)
 *   C = CALCULATED(E, H), 2 of 2; a person sets 1 of 2 to switch back, and 2 again when H is healthy
 *   H = CLOUDWATCH_METRIC, Inverted, LastKnownStatus, over C's HealthCheckStatus: Minimum >= 1 in the newest PERIODS minutes
 *   PRIMARY follows H
 *
 * A minute's datapoint is its lowest sample. It is seen, in any order, before it has been waiting for more than VISIBLE ticks, or
 * never (LOST of them). H is evaluated once a tick, at any moment of it; for SILENCES of the times it finds no data.
 * What must hold: the window is longer than the loop, from the 0 of C by way of H back to the next 0 of C.
 *
 * tick 60 s
 * thorough run safe: safety holds: the window is longer than the loop
 * run trip: -DTRIP -DTERRAFORMS=0 safety holds: and a person trips
 * run possible: -DREACH safety reached: failover, switch back, Primary, and the next failover: that is no empty promise
 * run liveness: liveness holds: the window is longer than the loop: the sentence; and after a switch back Primary serves, in an outage that lasts Backup does
 * thorough run one-period: -DPERIODS=1 safety sentence: a window of one minute swings to and fro
 * run short-window: -DPERIODS=4 safety sentence: one minute less than the loop
 * thorough run later-points: -DVISIBLE=2 -DSILENCES=0 -DPERIODS=4 safety sentence: datapoints a minute later, and the window a minute too short again
 * thorough run later-points-longer: -DVISIBLE=2 -DSILENCES=0 safety holds: and a window a minute longer
 * thorough run no-silence: -DSILENCES=0 -DPERIODS=4 safety holds: an H that never waits for data needs a minute less
 * thorough run more-silence: -DSILENCES=2 safety sentence: H finds no data for one minute more
 * run fifteen: -DPERIODS=15 safety holds: the form's own setting
 * thorough run three: -DVISIBLE=3 -DPERIODS=6 safety sentence: datapoints of up to four minutes: six periods are one too few
 * thorough run three-longer: -DVISIBLE=3 -DPERIODS=7 safety holds: and seven are enough
 * run no-memory: -DNO_MEMORY safety sentence: C does not hear of H
 * run unknown-is-healthy: -DUNKNOWN_IS_HEALTHY safety sentence: InsufficientDataHealthStatus other than LastKnownStatus
 * run left-at-one: -DFORGETS safety sentence: C's threshold stays at 1 after a switch back
 * thorough run trip-terraform: -DTRIP -DPERIODS=4 -DSILENCES=0 safety sentence: Terraform enables H again before C's zeros are seen
 * run both-fail: -DSECONDARY_CHECKED -DBACKUP_FAILS safety sentence: SECONDARY with a health check
 */
#ifndef PERIODS
#define PERIODS 5
#endif
#ifndef VISIBLE
#define VISIBLE 1
#endif
#ifndef LOST
#define LOST 1
#endif
#ifndef SILENCES
#define SILENCES 1
#endif
#ifndef TERRAFORMS
#define TERRAFORMS 1
#endif
#ifndef HASTES
#define HASTES 1
#endif
#define EDGE_TICKS 0             /* seconds, of a minute */
#ifdef FORGETS
#define fall_counts true
#else
#define fall_counts (two_of_two)
#endif
bit two_of_two = 1;              /* C's threshold */

#include "edges.pml"

#define WINDOW (PERIODS + VISIBLE + 2)
#define ALL ((1 << WINDOW) - 1)
#define unseen ((ALL ^ seen) & ((1 << (VISIBLE + 1)) - 1))
#define is(mask, k) (((mask) >> (k)) & 1)

bit well = 1, c = 1;             /* E and C; H is `status` */
bit disabled;                    /* H, by a person: the trip */
bit sampled, low, evaluated;     /* in this minute */
int good = ALL;                  /* complete minutes, the newest is bit 0: no sample was 0 */
int seen = ALL;                  /* ... and the datapoint is seen */
byte lost = LOST, silences = SILENCES, terraforms = TERRAFORMS, hastes = HASTES;

#ifdef NO_MEMORY
#define c_should_be (well)
#else
#define c_should_be (two_of_two -> (well && status) : (well || status))
#endif

/* What is older than a 0 that was seen decides nothing: one value for all of it keeps the number of states small. */
inline forget()
{
  d_step {
    k = 0;
    do
    :: k == WINDOW || (is(seen, k) && !is(good, k)) -> break
    :: else -> k++
    od;
    if
    :: k < WINDOW -> seen = seen | (ALL ^ ((1 << k) - 1)); good = good & ((1 << k) - 1)
    :: else
    fi;
    k = 0
  }
}

proctype Endpoint()
{
  do
  :: atomic {
       well = !well;
       primary_owed = 0;
       backup_owed = !well && (names_primary(0) || names_primary(1));
       printf("@ E is %e\n", (well -> healthy : unhealthy))
     }
  od
}

proctype C()
{
  do
  :: atomic { c != c_should_be -> c = c_should_be; printf("@ C is %e\n", (c -> healthy : unhealthy)) }
  :: atomic { !sampled -> sampled = 1; low = low || !c }
  :: atomic { sampled && !low && !c -> low = 1 }
  od
}

proctype CloudWatch()
{
  byte k;
  do
  :: atomic {
       unseen != 0 ->
       do
       :: is(unseen, k) -> break
       :: unseen >> (k + 1) != 0 -> k++
       od;
       if
       :: seen = seen | (1 << k); printf("@ the datapoint of %d minutes ago is seen: %d\n", k + 1, is(good, k))
       :: lost > 0 -> d_step {
            lost--;
            seen = (seen & ((1 << k) - 1)) | ((seen >> (k + 1)) << k) | (1 << (WINDOW - 1));
            good = (good & ((1 << k) - 1)) | ((good >> (k + 1)) << k) | (1 << (WINDOW - 1));
            printf("@ the datapoint of %d minutes ago is lost\n", k + 1)
          }
       fi;
       k = 0;
       forget()
     }
  od
}

proctype H()
{
  byte k, run_of_good;
  bit healthy_now;
  do
  :: atomic {
       !evaluated ->
       evaluated = 1;
       if
#ifdef TRIP
       :: disabled -> healthy_now = 0
#endif
#if SILENCES > 0
       :: !disabled && silences > 0 ->
          silences--;
#ifdef UNKNOWN_IS_HEALTHY
          healthy_now = 1;
#else
          healthy_now = status;
#endif
          printf("@ H finds no data\n")
#endif
       :: !disabled ->
          d_step {
            k = 0;
            run_of_good = 0;
            do
            :: k == WINDOW || (is(seen, k) && !is(good, k)) -> break
            :: else -> run_of_good = run_of_good + is(seen, k); k++
            od;
            k = 0
          };
          healthy_now = (run_of_good >= PERIODS)
       fi;
       find(healthy_now);
       run_of_good = 0;
       healthy_now = 0
     }
  od
}

proctype Operator()
{
  do
  :: atomic {
       !status && two_of_two ->
       two_of_two = 0;
       person_switched_back();
       primary_owed = well;
       printf("@ a person switches back: C wants 1 of 2\n")
     }
#ifndef FORGETS
  :: atomic { !two_of_two && status -> two_of_two = 1; printf("@ C wants 2 of 2 again\n") }
  :: atomic { !two_of_two && !status && hastes > 0 -> hastes--; two_of_two = 1; primary_owed = 0; printf("@ too early: C wants 2 of 2 again\n") }
#endif
#ifdef TRIP
  :: atomic { !two_of_two && disabled -> disabled = 0; printf("@ a person enables H\n") }
  :: atomic {
       !disabled && two_of_two ->
       disabled = 1;
       primary_owed = 0;
       evaluated = 0;
       printf("@ a person trips: H is disabled\n")
     }
#endif
  od
}

#if TERRAFORMS > 0
/* What Terraform knows of: H is enabled, C wants two. */
proctype Terraform()
{
  do
  :: atomic { terraforms > 0 && (!two_of_two || disabled) -> terraforms--; two_of_two = 1; disabled = 0; printf("@ Terraform puts H and C back\n") }
  od
}
#endif

proctype Clock()
{
  byte k;
  do
  :: atomic {
       edges_may_wait && c == c_should_be && sampled && evaluated && is(seen, VISIBLE) ->
       d_step {
         printf("@tick\n");
         edges_tick();
         good = ((good << 1) & ALL) | !low;
         seen = (seen << 1) & ALL;
         low = 0;
         sampled = 0;
         evaluated = 0
       };
       forget()
     }
  od
}

init {
  atomic {
    run Endpoint();
    run C();
    run CloudWatch();
    run H();
    run Edge(0);
    run Edge(1);
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
