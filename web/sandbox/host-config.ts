/** Teams' settings for Adaptive Cards in its light theme, as far as its public samples show them. */
export const TEAMS_LIGHT = {
  spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
  separator: { lineThickness: 1, lineColor: "#e0e0e0" },
  supportsInteractivity: true,
  fontTypes: {
    default: {
      fontFamily: "'Segoe UI', system-ui, 'Apple Color Emoji', 'Segoe UI Emoji', sans-serif",
      fontSizes: { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 },
      fontWeights: { lighter: 400, default: 400, bolder: 600 },
    },
    monospace: {
      fontFamily: "Consolas, 'Liberation Mono', monospace",
      fontSizes: { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 },
      fontWeights: { lighter: 400, default: 400, bolder: 600 },
    },
  },
  containerStyles: {
    default: container("#ffffff", "#ffffff"),
    emphasis: container("#f5f5f5", "#f5f5f5"),
    accent: container("#e8ebfa", "#e8ebfa"),
    good: container("#e7f2da", "#e7f2da"),
    attention: container("#fcf4f6", "#fcf4f6"),
    warning: container("#fbf6d9", "#fbf6d9"),
  },
  imageSizes: { small: 32, medium: 52, large: 100 },
  actions: {
    maxActions: 6,
    spacing: "default",
    buttonSpacing: 8,
    showCard: { actionMode: "inline", inlineTopMargin: 12, style: "emphasis" },
    preExpandSingleShowCardAction: false,
    actionsOrientation: "horizontal",
    actionAlignment: "left",
  },
  adaptiveCard: { allowCustomStyle: true },
  imageSet: { imageSize: "medium", maxImageHeight: 100 },
  factSet: {
    title: { color: "default", size: "default", isSubtle: true, weight: "default", wrap: true, maxWidth: 150 },
    value: { color: "default", size: "default", isSubtle: false, weight: "default", wrap: true },
    spacing: 16,
  },
  inputs: {
    label: {
      inputSpacing: "small",
      requiredInputs: { weight: "bolder", color: "default", suffix: " *", suffixColor: "attention" },
      optionalInputs: { weight: "bolder", color: "default" },
    },
    errorMessage: { color: "attention", size: "small", spacing: "small", weight: "default" },
  },
  textBlock: { headingLevel: 3 },
};

function container(background: string, highlight: string) {
  const colour = (main: string, subtle: string) => ({
    default: main,
    subtle,
    highlightColors: { default: highlight, subtle: highlight },
  });
  return {
    backgroundColor: background,
    foregroundColors: {
      default: colour("#242424", "#5c5c5c"),
      dark: colour("#242424", "#5c5c5c"),
      light: colour("#ffffff", "#f0f0f0"),
      accent: colour("#4f52b2", "#444791"),
      good: colour("#386a1f", "#386a1f"),
      warning: colour("#835b00", "#835b00"),
      attention: colour("#b3142a", "#b3142a"),
    },
  };
}
