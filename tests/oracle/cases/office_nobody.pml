<prompt schema="office">
  <person subject=""/>
</prompt>
