/* SPDX-License-Identifier: Apache-2.0
 *
 * Primary, and Route 53's checkers of it (tick: 10 s). Each checker probes every 30 s at a phase of its own, and changes its
 * opinion after THRESHOLD contrary results running (A1). The check is healthy while any of the CHECKERS thinks so: on AWS more than
 * 18 % of them, three of sixteen (A2). A latch is a path that always fails; what a checker is told of it may be LAG ticks old (A5).
 */
#ifndef CHECKERS
#define CHECKERS 2
#endif
#ifndef THRESHOLD
#define THRESHOLD 1
#endif
#ifndef LAG
#define LAG 0
#endif
#define INTERVAL 3               /* ticks between a checker's probes */

bit latched;                     /* the check as it is stored: its path is the one that fails */
byte lag;                        /* ticks in which checkers may still probe as before the last change */

bit well = 1;                    /* Primary answers */
#ifdef DISAGREE
bit cut[CHECKERS];               /* this checker does not reach Primary, though others may */
#define reaches(i) (well && !cut[i])
#else
#define reaches(i) (well)
#endif
#ifdef LASTING
byte lasted = LASTING;           /* ticks since Primary failed or came back, or was switched back to */
#define may_change (lasted >= LASTING)
#define site_tick lasted = (lasted < LASTING -> lasted + 1 : lasted)
#define site_changed lasted = 0
#else
#define may_change true
#define site_tick skip
#define site_changed skip
#endif

bit opinion[CHECKERS] = 1;
byte running[CHECKERS];          /* contrary results, one after the other */
byte next[CHECKERS];             /* ticks until the next probe */
bit told[CHECKERS];              /* the latch, as this checker knows it */

#if CHECKERS == 2
#define any_opinion (opinion[0] || opinion[1])
#define probes_may_wait (next[0] > 0 && next[1] > 0)
#define all_have_seen_the_latch (told[0] && told[1] && !any_opinion && running[0] + running[1] == 0)
#elif CHECKERS == 3
#define any_opinion (opinion[0] || opinion[1] || opinion[2])
#define probes_may_wait (next[0] > 0 && next[1] > 0 && next[2] > 0)
#define all_have_seen_the_latch (told[0] && told[1] && told[2] && !any_opinion && running[0] + running[1] + running[2] == 0)
#endif

proctype Primary()
{
  do
  :: atomic {
       may_change ->
       site_changed;
       well = !well;
       primary_owed = 0;
       backup_owed = !well && (names_primary(0) || names_primary(1));
       printf("@ Primary %e\n", (well -> recovers : fails))
     }
#ifdef DISAGREE
  :: atomic { cut[0] = !cut[0]; printf("@ checker 1 %e Primary\n", (cut[0] -> loses : reaches_again)) }
  :: atomic { cut[1] = !cut[1]; printf("@ checker 2 %e Primary\n", (cut[1] -> loses : reaches_again)) }
#endif
  od
}

proctype Checker(byte i)
{
  bit good;
#ifdef COUNTERS_RESET
  bit knew;
#endif
  do
  :: atomic {
       next[i] == 0 ->
       next[i] = INTERVAL;
#if LAG > 0
       if
       :: told[i] = latched
       :: lag > 0 && told[i] != latched
       fi;
#else
       told[i] = latched;
#endif
#ifdef COUNTERS_RESET
       if
       :: told[i] != knew -> knew = told[i]; running[i] = 0
       :: else
       fi;
#endif
       good = reaches(i) && !told[i];
       if
       :: good == opinion[i] -> running[i] = 0
       :: else -> running[i]++
       fi;
       if
       :: running[i] == THRESHOLD ->
          opinion[i] = good;
          running[i] = 0;
          printf("@ checker %d finds Primary %e\n", i + 1, (good -> healthy : unhealthy))
       :: else
       fi;
       good = 0;
       find(any_opinion)
     }
  od
}

/* The change of the check, by whomever. Who has read it before has read an older version. */
inline store(latch)
{
  latched = latch;
  lag = LAG;
  changed
}

/* A latch by a machine. It must not undo a person's switch back while Primary is well. */
inline latch_it()
{
  assert(!primary_owed);
  store(1)
}

inline checkers_tick()
{
  next[0]--;
  next[1]--;
#if CHECKERS == 3
  next[2]--;
#endif
  lag = (lag > 0 -> lag - 1 : 0)
}

/* Phases are anything. */
inline checkers_begin()
{
  select(phase : 0 .. INTERVAL - 1);
  next[0] = phase;
  select(phase : 0 .. INTERVAL - 1);
  next[1] = phase;
#if CHECKERS == 3
  select(phase : 0 .. INTERVAL - 1);
  next[2] = phase;
#endif
  run Checker(0);
  run Checker(1);
#if CHECKERS == 3
  run Checker(2);
#endif
  phase = 0
}
