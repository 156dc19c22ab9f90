<?xml version="1.0" encoding="UTF-8"?>
<!-- A conversation: the earlier answer is given back as an assistant turn. -->
<prompt schema="hr_handbook">
  <full-time since="4 May 2026"/>
  <remote allowance="22 pounds"/>
  <expenses/>
  <user>Can I work from home on Tuesdays?</user>
  <assistant>
    No. Tuesday is the day on which everybody is in the office (R1). On other days it depends on your
    probation: after six months you may work from home up to three days a week (R1, G4).
  </assistant>
  <user>And may I work from my sister's flat in Spain for two weeks in August of this year?</user>
</prompt>
