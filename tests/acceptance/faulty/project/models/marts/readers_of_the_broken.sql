select b.anything, m.statsu
from broken_syntax as b
join misspelled as m on m.label = b.label
join empty_star using (event_id)
