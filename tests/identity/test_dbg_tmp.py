import sys; sys.path.insert(0,'/work/main')
from tests.identity.test_spans import *
from tests.conftest import spark
seen=[Use(session='0', who=None, begin='11 12:00', end='11 12:31', device='d', cookie='f'),
 Use(session='9', who=None, begin='12 3:00', end='12 3:16', device='e', cookie='f'),
 Use(session='9', who='ann', begin='10 5:00', end='10 5:45', device='e', cookie='c'),
 Use(session='8', who='bob', begin='18 18:00', end='18 18:36', device='e', cookie='f'),
 Use(session='11', who=None, begin='9 2:00', end='9 2:5', device=None, cookie='c'),
 Use(session='11', who='bob', begin='9 0:00', end='9 0:39', device='d', cookie='c'),
 Use(session='4', who='bob', begin='30 19:00', end='30 19:8', device='d', cookie='f'),
 Use(session='1', who='ann', begin='13 13:00', end='13 13:27', device=None, cookie='c'),
 Use(session='6', who='ann', begin='15 21:00', end='15 21:13', device=None, cookie='c'),
 Use(session='11', who='ann', begin='24 4:00', end='24 4:40', device=None, cookie='c'),
 Use(session='3', who='ann', begin='6 16:00', end='6 16:51', device='d', cookie='c'),
 Use(session='2', who=None, begin='15 10:00', end='15 10:50', device='d', cookie='f'),
 Use(session='6', who='cyd', begin='14 8:00', end='14 8:27', device='d', cookie='f'),
 Use(session='1', who=None, begin='34 23:00', end='34 23:56', device='d', cookie='c')]
def test_x(spark):
    people=spans(timed(*frames(spark,seen),LIMITS))
    for i,l in people.items():
        print(i)
        for x in l: print("   ",x[0],str(x[1])[:26],str(x[2])[:26])
        for u in seen:
            if i in (f"device:{u.device}", f"cookie:{u.cookie}"):
                for at in (moment(u.begin),moment(u.end)):
                    n=sum((b or at)<=at<(e or datetime.max.replace(tzinfo=UTC)) for _,b,e in l)
                    if n!=1: print("  !!",u,at,n)
