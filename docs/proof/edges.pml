/* SPDX-License-Identifier: Apache-2.0
 *
 * Who answers: the edges of Route 53 (or the engine's DNS workers), and the sentence that every model here is about.
 *
 *   Between a failover and a person's switch back no answer names Primary.
 *
 * `status` is what is found of the health check that PRIMARY follows. Each edge learns it by itself and late (A3), and answers
 * by what it learnt last. A failover is there when an edge has answered Backup by a status that fell (A4); from then on an
 * answer that names Primary is a breach, unless this edge has heard nothing since before the fall: the failover is then
 * still on its way to it. `answer` asserts that wherever an edge's answer may have changed.
 */
mtype = { healthy, unhealthy, recovers, fails, loses, reaches_again };

#define EDGES 2
#ifndef EDGE_TICKS
#define EDGE_TICKS 1             /* an edge lets so many ticks of the clock pass and then learns the status */
#endif

bit status = 1;
bit learnt[EDGES] = 1;           /* the status by which each edge answers */
byte late[EDGES];                /* ticks since it is out of date */
bit backup_up = 1;               /* the other site's own check; it matters where SECONDARY has one */

/* Ghosts: they watch, and nothing that acts reads them. */
bit fell;                        /* the status fell after the last switch back */
bit saw_fall[EDGES];             /* ... and this edge knows it */
bit behind[EDGES];               /* this edge has heard nothing since before the fall */
bit failed_over;                 /* an edge has answered Backup because of that */
bit primary_owed;                /* a person has switched back, Primary has been well since, not every edge names it yet */
bit backup_owed;                 /* Primary is down, and not every edge names Backup yet */

#ifdef REACH
byte round;                      /* 2: switched back after a failover; 3: and then Primary at every edge */
#endif

#ifdef SECONDARY_CHECKED         /* none healthy: Route 53 answers Primary */
#define names_primary(e) (learnt[e] || !backup_up)
#else
#define names_primary(e) (learnt[e])
#endif

#ifndef edge_is_up
#define edge_is_up true
#endif
#ifndef fall_counts
#define fall_counts true         /* or only while no person is switching back */
#endif
#define out_of_date(e) (learnt[e] != status || behind[e] || (!status && saw_fall[e] != fell))
#define edge_may_wait(e) (!out_of_date(e) || late[e] < EDGE_TICKS)
#define edges_may_wait (edge_may_wait(0) && edge_may_wait(1))

inline answer(e)
{
  if
  :: names_primary(e) ->
     if
     :: failed_over && !behind[e] ->
        printf("@ LEAK edge %d answers Primary, and no person has switched back\n", e + 1);
        assert(!(failed_over && !behind[e]))  /* the sentence */
     :: else
     fi
  :: else ->
     if
     :: saw_fall[e] && !failed_over ->
        failed_over = 1;
        printf("@ edge %d answers Backup: this is the failover\n", e + 1)
     :: else
     fi
  fi;
  if
  :: names_primary(0) && names_primary(1) ->
     primary_owed = 0
#ifdef REACH
     ; round = (round == 2 -> 3 : round)
#endif
  :: !names_primary(0) && !names_primary(1) -> backup_owed = 0
  :: else
  fi
}

inline learn(e)
{
  if
  :: learnt[e] != status -> printf("@ edge %d learns: %e\n", e + 1, (status -> healthy : unhealthy))
  :: else
  fi;
  learnt[e] = status;
  saw_fall[e] = fell && !status;
  behind[e] = 0;
  late[e] = 0;
  answer(e)
}

proctype Edge(byte e)
{
  do
  :: atomic { edge_is_up && out_of_date(e) -> learn(e) }
  od
}

/* What is found of the check: `found` is 0 or 1. */
inline find(found)
{
  if
  :: status && !(found) ->
     status = 0;
     fell = fell || fall_counts;
     behind[0] = learnt[0];
     behind[1] = learnt[1];
     printf("@ the check is unhealthy\n")
  :: !status && (found) ->
     status = 1;
     printf("@ the check is healthy\n")
  :: else
  fi
}

/* A person's switch back: Primary may be answered again, and what the edges know of the last fall counts no more. */
inline person_switched_back()
{
#ifdef REACH
  round = (failed_over && round == 0 -> 2 : round);
#endif
  failed_over = 0;
  fell = 0;
  saw_fall[0] = 0;
  saw_fall[1] = 0;
  behind[0] = 0;
  behind[1] = 0
}

/* To be called by the clock, which waits for edges_may_wait. */
inline edges_tick()
{
  late[0] = (out_of_date(0) -> late[0] + 1 : 0);
  late[1] = (out_of_date(1) -> late[1] + 1 : 0)
}

#ifdef BACKUP_FAILS
proctype Backup()
{
  do
  :: atomic {
       backup_up = !backup_up;
       printf("@ Backup is %e\n", (backup_up -> healthy : unhealthy));
       answer(0);
       answer(1)
     }
  od
}
#define run_backup run Backup()
#else
#define run_backup skip
#endif

/* That the models' silence means something: a run with REACH must find its way to a failover, a switch back, Primary at every
 * edge, and the next failover. */
#ifdef REACH
proctype Reached() { atomic { round == 3 && failed_over -> assert(!(round == 3 && failed_over)) } }
#define run_reached run Reached()
#else
#define run_reached skip
#endif
