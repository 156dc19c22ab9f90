<prompt schema="office">
  <person who="the Ek family"/>
</prompt>
