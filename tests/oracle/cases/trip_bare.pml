<prompt schema="trip"/>
