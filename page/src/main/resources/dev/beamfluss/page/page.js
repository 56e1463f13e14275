/* Draws what the server sends, or what a report holds. All texts go into the page as texts. */
'use strict';
(() => {
  const STATES = {live: 'Live', loading: 'Loading', missing: 'Not there', failed: 'Interrupted'};
  const ORDER = ['attribution', 'products', 'shops', 'forecast', 'canary', 'uv', 'tables'];
  const main = document.getElementById('views');
  const nav = document.getElementById('nav');
  const statusLine = document.getElementById('status');
  const sections = new Map();
  const charts = new Set();

  /** A new element with a text. */
  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function age(millis) {
    const seconds = Math.max(0, Math.round((Date.now() - millis) / 1000));
    if (seconds < 120) return seconds + ' s ago';
    if (seconds < 7200) return Math.round(seconds / 60) + ' min ago';
    if (seconds < 172800) return Math.round(seconds / 3600) + ' h ago';
    return Math.round(seconds / 86400) + ' days ago';
  }

  let isReport = false;

  /** The time, and its age where that goes on. */
  function time(millis) {
    const made = element('time');
    made.dateTime = new Date(millis).toISOString();
    made.title = made.dateTime;
    made.dataset.millis = millis;
    tellTime(made);
    return made;
  }

  function tellTime(made) {
    const millis = Number(made.dataset.millis);
    const text = isReport ? made.dateTime.replace('T', ' ').slice(0, 19) : age(millis);
    if (made.textContent !== text) made.textContent = text;
  }

  /** A section keeps its parts, so that neither focus nor scrolling nor an opened table is lost. */
  function section(id, title) {
    let known = sections.get(id);
    if (known) return known;
    const made = element('section');
    made.id = id;
    const head = element('h2', title);
    head.id = id + '-title';
    made.setAttribute('aria-labelledby', head.id);
    known = {made, state: element('p', '', 'state'), parts: new Map()};
    made.append(head, known.state);
    sections.set(id, known);
    const link = element('a', title);
    link.href = '#' + id;
    const item = element('li');
    item.append(link);
    item.dataset.id = id;
    place(main, made, made.id);
    place(nav, item, id);
    return known;
  }

  function place(parent, made, id) {
    const idOf = child => child.dataset.id || child.id;
    const after = [...parent.children].find(c => ORDER.indexOf(idOf(c)) > ORDER.indexOf(id));
    parent.insertBefore(made, after || null);
  }

  /** The part of a section with this name, made where it is not there; in the order of the calls. */
  function part(known, seen, name, make) {
    let found = known.parts.get(name);
    if (!found) {
      found = make();
      known.parts.set(name, found);
    }
    const before = seen.length ? seen[seen.length - 1].made : known.state;
    if (before.nextElementSibling !== found.made) before.after(found.made);
    seen.push(found);
    return found;
  }

  function show(view) {
    const known = section(view.id, view.title);
    const state = STATES[view.state] + (view.message ? ': ' + view.message : '');
    if (known.state.textContent !== state) known.state.textContent = state;
    known.state.classList.toggle('problem', view.state === 'failed');
    known.made.dataset.state = view.state;
    const seen = [];
    if (view.note) {
      part(known, seen, 'note', () => ({made: element('p', '', 'note')})).made.textContent =
          'Note: ' + view.note;
    }
    if (view.figures.length) {
      const list = part(known, seen, 'figures', () => ({made: element('dl', '', 'figures')})).made;
      list.replaceChildren(...view.figures.map(figure => {
        const box = element('div');
        const value = element('dd', figure.value);
        if (figure.time !== undefined) value.append(time(figure.time));
        box.append(element('dt', figure.label), value);
        return box;
      }));
    }
    if (view.bars.length) {
      const list = part(known, seen, 'bars', () => ({made: element('dl', '', 'bars')})).made;
      list.replaceChildren(...view.bars.flatMap(bar => {
        const track = element('dd', '', 'track');
        track.setAttribute('aria-hidden', 'true');
        const inner = element('div', '', 'bar');
        inner.style.width = 100 * bar.share + '%';
        track.append(inner);
        return [element('dt', bar.label), track, element('dd', bar.value, 'number')];
      }));
    }
    for (const chart of view.charts) {
      if (!chart.minutes.length) continue;
      part(known, seen, 'chart ' + chart.title, newChart).update(chart);
    }
    for (const table of view.tables) {
      const name = 'table ' + table.columns.map(c => c.label).join();
      const found = part(known, seen, name, newTable);
      found.head.textContent = table.title;
      fill(found, table.columns, table.rows);
    }
    for (const [name, old] of known.parts) {
      if (!seen.includes(old)) {
        if (old.close) old.close();
        old.made.remove();
        known.parts.delete(name);
      }
    }
  }

  function newTable() {
    const made = element('div', '', 'table');
    const head = element('h3');
    made.append(head);
    return {made, head, ...scrolled(made)};
  }

  function scrolled(parent) {
    const scroll = element('div', '', 'scroll');
    scroll.tabIndex = 0;
    scroll.setAttribute('role', 'region');
    const table = element('table');
    scroll.append(table);
    parent.append(scroll);
    return {scroll, table};
  }

  function fill(found, columns, rows) {
    found.scroll.setAttribute('aria-label', found.head.textContent);
    const head = element('tr');
    for (const column of columns) {
      const cell = element('th', column.label, column.number ? 'number' : '');
      cell.scope = 'col';
      head.append(cell);
    }
    const body = element('tbody');
    for (const row of rows) {
      const line = element('tr');
      row.forEach((value, i) => {
        const cell = element('td', undefined, columns[i].number ? 'number' : '');
        if (typeof value === 'number') cell.append(time(value));
        else cell.textContent = value === null ? '–' : value;
        line.append(cell);
      });
      body.append(line);
    }
    if (!rows.length) {
      const cell = element('td', 'None');
      cell.colSpan = columns.length;
      const line = element('tr');
      line.append(cell);
      body.append(line);
    }
    const top = element('thead');
    top.append(head);
    found.table.replaceChildren(top, body);
  }

  const DAY = minute => String(Math.floor(minute / 60)).padStart(2, '0') + ':'
      + String(minute % 60).padStart(2, '0');

  function number(value, digits) {
    return value === null || value === undefined ? '–'
        : value.toLocaleString('en', {minimumFractionDigits: 0, maximumFractionDigits: digits});
  }

  function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  /** Lines differ by dashes and width besides their colours. */
  const DASHES = [[], [9, 4], [2, 4], [12, 4, 2, 4]];

  /** The border of a line's mark in the legend that looks like the line. */
  function mark(dash) {
    return !dash || !dash.length ? 'solid' : dash.length > 2 ? 'double' : dash[0] > 2 ? 'dashed' : 'dotted';
  }

  function newChart() {
    const made = element('figure');
    const caption = element('figcaption');
    const box = element('div', '', 'chart');
    const details = element('details');
    details.append(element('summary', 'As a table'));
    const listed = scrolled(details);
    made.append(caption, box, details);
    let data;
    let plot;
    let drawn;

    function draw() {
      if (plot) plot.destroy();
      const lines = drawn.filter(line => line.style !== 'none');
      const bands = lines.flatMap((line, i) => line.style === 'band' ? [i + 1] : []);
      const axis = {stroke: color('--soft'), grid: {stroke: color('--line'), width: 1},
        ticks: {stroke: color('--line'), width: 1}};
      plot = new uPlot({
        width: Math.max(200, box.clientWidth), height: 200,
        cursor: {y: false}, scales: {x: {time: false}},
        legend: {live: true, markers: {dash: (u, i) => mark(u.series[i].dash)}},
        axes: [
          {...axis, incrs: [1, 2, 5, 10, 15, 30, 60, 120, 240],
            values: (u, splits) => splits.map(DAY)},
          {...axis, size: 70, values: (u, splits) => splits.map(v => number(v, 2))},
        ],
        series: [
          {label: 'Minute', value: (u, v) => v === null ? '–' : DAY(v)},
          ...lines.map((line, i) => ({
            label: line.label,
            stroke: color(line.style === 'band' ? '--soft' : '--s' + (i % 4 + 1)),
            width: line.style === 'band' ? 1 : 2,
            dash: line.style === 'dashed' ? [9, 4] : line.style === 'band' ? [2, 4] : DASHES[i % 4],
            points: {show: data[0].length < 3},
            value: (u, v) => number(v, line.digits),
          })),
        ],
        bands: bands.length === 2
            ? [{series: [bands[1], bands[0]], fill: color('--soft') + '33'}] : [],
      }, data, box);
      // a table by its markup, which tells nothing that the one below does not
      box.querySelector('.u-legend').setAttribute('aria-hidden', 'true');
      const canvas = box.querySelector('canvas');
      canvas.setAttribute('role', 'img');
      canvas.setAttribute('aria-label', caption.textContent + '. The table below has its numbers.');
    }

    function tell(chart) {
      const columns = [{label: 'Minute', number: false},
        ...chart.lines.map(line => ({label: line.label, number: true}))];
      const rows = chart.minutes.map((minute, i) => [DAY(minute),
        ...chart.points[i].map((value, j) => number(value, chart.lines[j].digits))]).reverse();
      fill({...listed, head: caption}, columns, rows);
    }

    const own = {
      made,
      redraw: () => { if (drawn) draw(); },
      resize: () => { if (plot) plot.setSize({width: Math.max(200, box.clientWidth), height: 200}); },
      close: () => { charts.delete(own); if (plot) plot.destroy(); },
      update(chart) {
        caption.textContent = chart.title + ', ' + chart.day;
        data = [chart.minutes, ...chart.lines.flatMap((line, i) =>
          line.style === 'none' ? [] : [chart.points.map(point => point[i])])];
        drawn = chart.lines;
        made.dataset.points = chart.minutes.length;
        // in a table that nobody has opened there is nothing to see
        own.latest = chart;
        if (details.open) tell(chart);
        const few = data[0].length < 4;
        if (!plot || few || own.wasFew) draw();
        else plot.setData(data);
        own.wasFew = few;
      },
    };
    details.addEventListener('toggle', () => { if (details.open) tell(own.latest); });
    charts.add(own);
    return own;
  }

  function tellStatus(status) {
    const problem = !status.connected;
    statusLine.classList.toggle('problem', problem);
    const parts = ['Cluster ' + status.cluster];
    if (status.report) parts.push('as of ' + new Date(status.report).toISOString().slice(0, 19) + 'Z');
    if (problem) parts.push('no connection since ' + new Date(status.since).toLocaleTimeString());
    else if (!status.report) parts.push('connected');
    statusLine.textContent = parts.join(', ');
  }

  function listen() {
    const events = new EventSource('events');
    let lost = null;
    events.addEventListener('status', event => { lost = null; tellStatus(JSON.parse(event.data)); });
    for (const id of ORDER) {
      events.addEventListener(id, event => show(JSON.parse(event.data)));
    }
    events.addEventListener('error', () => {
      lost = lost || new Date();
      statusLine.classList.add('problem');
      statusLine.textContent = 'No connection to this page\'s server since ' + lost.toLocaleTimeString();
      // the browser tries again by itself unless it was refused
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
    });
  }

  const report = document.getElementById('report');
  if (report) {
    isReport = true;
    const held = JSON.parse(report.textContent);
    held.views.forEach(show);
    tellStatus(held.status);
  } else {
    listen();
    setInterval(() => document.querySelectorAll('time').forEach(tellTime), 1000);
  }
  matchMedia('(prefers-color-scheme: dark)')
      .addEventListener('change', () => charts.forEach(chart => chart.redraw()));
  addEventListener('resize', () => charts.forEach(chart => chart.resize()));
})();
