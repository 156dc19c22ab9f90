<prompt schema="markup">
  What selects a dish may be the tag that is missing here.</fsh>
  <plan days=3/>
  <wine who="me"/>
  <nosuch/>
  <user>This turn is not closed.
  <whine/>
</prompt>
