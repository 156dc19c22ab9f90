<prompt schema="kb">
  <oslo/>
  <c/>
  free
  <b/>
  <tone how="kind"/>
  <use module="a/in"/>
  <user>Hi</user>
</prompt>
