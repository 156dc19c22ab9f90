<prompt schema="references">
  Text before a selection that is known is a mistake beside those that are not.
  <plan/>
  <use module="plan//stay"/>
  <food/>
  <usr>Which fish?</usr>
</prompt>
