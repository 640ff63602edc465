03:00:00  Primary fails
03:00:00  checker 1 finds Primary unhealthy
03:00:20  checker 2 finds Primary unhealthy
03:00:20  the check is unhealthy
03:00:30  edge 2 learns: unhealthy
03:00:30  edge 2 answers Backup: this is the failover
03:00:30  Primary recovers
03:00:30  checker 1 finds Primary healthy
03:00:30  the check is healthy
03:00:30  edge 2 learns: healthy
03:00:30  LEAK edge 2 answers Primary, and no person has switched back
