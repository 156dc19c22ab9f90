<prompt schema="references">
  Text before a selection that nobody knows is not a second mistake.
  <plan/>
  <use module="plan//stay"/>
  <food/>
  <usr>Which fish?</usr>
</prompt>
