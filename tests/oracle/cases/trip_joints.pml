<prompt schema="trip">
  <plan><hills/></plan>
  <budget/>
</prompt>
