<prompt schema="trip">
  <budget/>
  <plan duration="two long weeks">
    <coast><nice/></coast>
  </plan>
</prompt>
