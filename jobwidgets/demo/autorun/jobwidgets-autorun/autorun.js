// Runs the notebook of `jobwidgets demo` when it is opened, so that a job is seen without a click.
// This is a JupyterLab extension in its prebuilt form, a module federation container, written by
// hand: it needs neither a build nor JupyterLab's modules. Only the demo's JupyterLab loads it.
(() => {
  const NAME = 'jobwidgets-autorun';
  const NOTEBOOK = 'watch_a_job.ipynb';

  const run = async (app, panel) => {
    await panel.context.ready;
    await panel.sessionContext.ready;
    // A reload must not run it again: the tab remembers, and so does the saved notebook.
    const cells = panel.content.model.toJSON().cells;
    if (sessionStorage.getItem(NAME) || cells.some(cell => cell.execution_count)) return;
    sessionStorage.setItem(NAME, 'done');
    app.shell.activateById(panel.id);
    const done = app.commands.execute('notebook:run-all-cells');
    panel.content.activeCellIndex = 0; // running all goes to the last cell, out of sight of the job
    void panel.content.scrollToItem(0);
    await done;
    await panel.context.save();
  };

  const plugin = {
    id: `${NAME}:plugin`,
    autoStart: true,
    activate: app => {
      const look = () => {
        const panel = app.shell.currentWidget;
        if (panel?.context?.path !== NOTEBOOK || !panel.sessionContext) return;
        app.shell.currentChanged.disconnect(look);
        run(app, panel).catch(error => console.error(`${NAME}:`, error));
      };
      app.shell.currentChanged.connect(look);
      void app.restored.then(look);
    }
  };

  const factory = () => ({ __esModule: true, default: plugin });
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = { init: () => {}, get: async () => factory };
})();
