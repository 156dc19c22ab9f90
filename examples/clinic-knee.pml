<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="clinic_letters">
  <orthopaedics/>
  <going-home/>
  <blood-thinner/>
  <adult-patient/>
  <large-print/>
  <family-doctor/>
  <patient-transport/>
  <user>
    Write to Mr Daniel Hurst, who has a new left knee: when and from where he leaves, how he gets home, who takes
    the clips out and on which day, and what he should do if his calf swells.
  </user>
</prompt>
