<prompt schema="trip">
  <plan/>
</prompt>
