<prompt schema="trip">
  <plan duration="one week">
    <hills/>
  </plan>
  <budget/>
</prompt>
